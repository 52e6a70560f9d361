// Puts together what keeps clients from being refused, reset or forgotten while workers come and go: held ports and kept sockets,
// routing, rescue and probes, all of which listen in on the same channel. Each has its file; here is only who hears first.
//
// Node: lib/internal/cluster/round_robin_handle.js looks net.createServer up at each call, which is what lets us in.

import type { Worker } from 'node:cluster'
import net from 'node:net'
import type { Timer } from '../clock.ts'
import { isolatePorts } from './app-ports.ts'
import type { ListeningHandle } from './cluster-message.ts'
import type { Door, DoorOptions, DoorPlace } from './door.ts'
import { HeldPorts } from './held-ports.ts'
import { type Accepting, KeptSockets } from './kept-sockets.ts'
import { closeForGood } from './native-handle.ts'
import { connectToWorker } from './probe-connection.ts'
import { rescueConnections } from './rescue.ts'
import { type Origin, Routing } from './routing.ts'
import { Serving } from './serving.ts'
import { tapChannel } from './tap-channel.ts'
import { WaitingLine } from './waiting-line.ts'

const REVIEW_MS = 100
const UNHEARD = 'hides what its cluster primary and workers say to each other'

export function holdTheDoor(options: DoorOptions): Door {
  const { schedule, cures, clock } = options
  const counts = { held: 0, rescued: 0, dropped: 0 }
  let timer: Timer | null = null

  const serving = new Serving()
  const node: Origin = {
    nobodyTook: (connection) => held.distribute(connection),
    lost: (connection) => held.giveBack(connection),
  }
  const routing = new Routing(serving, node, clock)
  const shared = {
    ...options,
    routing,
    newLine: () => new WaitingLine(clock, counts, closeForGood),
    rescued: () => {
      counts.rescued += 1
    },
    unsettled: reviewSoon,
  }
  const held = new HeldPorts(shared)
  const kept = new KeptSockets(shared)

  const createServer = net.createServer
  function createServerForDoor(...args: unknown[]) {
    const server = (createServer as (...args: unknown[]) => net.Server).apply(net, args)
    held.created(server)
    return server
  }
  if (cures.isOn('holdTheDoor')) net.createServer = createServerForDoor as typeof net.createServer

  function watch(worker: Worker, place: DoorPlace): void {
    // The fork has failed: there is no channel, which says nothing about this Node.
    if (worker.process.pid === undefined) return
    const rescue = rescueConnections(worker, node.lost, () => routing.noteUndelivered(worker))
    if (!isolatePorts(worker, place.app)) cures.turnOff('appPorts', UNHEARD)
    const tapped = tapChannel(worker, [
      serving.tap(worker),
      kept.tap(worker, place, socketsOf(place)),
      held.tap(worker, place.app),
      routing.tap(worker),
      rescue.tap,
    ])
    if (tapped) routing.add(worker, place, rescue)
    else for (const cure of ['rescue', 'holdTheDoor', 'handOff'] as const) cures.turnOff(cure, UNHEARD)
  }

  function socketsOf({ reusePort }: DoorPlace): Accepting {
    if (reusePort) return 'per-slot'
    return schedule === 'shared' ? 'one' : 'none'
  }

  function reviewSoon(): void {
    timer ??= clock.setTimeout(() => {
      timer = null
      if (review()) reviewSoon()
    }, REVIEW_MS)
  }

  function review(): boolean {
    const unsettled = held.review()
    return kept.review() || unsettled
  }

  return {
    watch,
    setRotation: (worker, inRotation) => routing.setRotation(worker, inRotation),
    missedBy: (worker) => routing.missedBy(worker),
    isEphemeral: (worker, port) => serving.isEphemeral(worker, port),
    probeConnection: async (worker, endpoint, timeoutMs) =>
      cures.isOn('handOff')
        ? connectToWorker({ worker, serving, endpoint, timeoutMs, clock })
        : { ok: false, reason: 'unavailable', message: `one worker alone can't be reached (${cures.states.handOff})` },
    returned: (worker, handle) => kept.returned(worker, handle as ListeningHandle),
    review: () => {
      review()
    },
    get counts() {
      return { ...counts, waiting: held.waiting + kept.waiting }
    },
    close: () => {
      net.createServer = createServer
      timer?.cancel()
      kept.close()
      held.close()
    },
  }
}
