// A primary with nothing but node:cluster, in a process of its own so that it can be of any Node and be killed. It forks what it
// is told to, answers bye with pong as the supervisor does, and says on stdout what happens, one JSON line each.
// Its other half, which speaks to it, is cluster-under-test.ts.

import cluster, { type Worker } from 'node:cluster'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/clock.ts'
import { isolatePorts } from '../../src/cluster-internals/app-ports.ts'
import { Cures, examineNet } from '../../src/cluster-internals/cures.ts'
import type { Door, DoorCounts } from '../../src/cluster-internals/door.ts'
import { holdTheDoor } from '../../src/cluster-internals/hold-the-door.ts'
import { AGENT_COMMAND } from '../../src/protocol/agent-command.ts'

export interface ForkOrder {
  readonly do: 'fork'
  readonly id: number
  readonly entry: string
  readonly args: readonly string[]
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Ports are kept apart by app; null: as under plain node:cluster. */
  readonly app: string | null
  /** With the supervisor's door, which a `door` order before has made. */
  readonly slot: number | null
  readonly sticky: boolean
  readonly reusePort: boolean
}

export type Order =
  | ForkOrder
  | { readonly do: 'say'; readonly id: number; readonly message: object }
  /** Answer no bye from now on. */
  | { readonly do: 'ignore-bye' }
  | { readonly do: 'disconnect'; readonly id: number }
  /** Connections are held, rescued and routed from now on, as the supervisor does it. */
  | { readonly do: 'door' }
  | { readonly do: 'drop-slot'; readonly slot: number }
  | { readonly do: 'rotate'; readonly id: number; readonly inRotation: boolean }
  /** GET / on a connection to one worker. */
  | { readonly do: 'probe'; readonly id: number; readonly endpoint: string | null; readonly timeoutMs: number }
  | { readonly do: 'count'; readonly tag: string }

export type Report =
  | { readonly saw: 'forked'; readonly id: number; readonly pid: number; readonly isolated: boolean | null }
  | { readonly saw: 'listening'; readonly id: number; readonly port: number; readonly address: string | null }
  | { readonly saw: 'said'; readonly id: number; readonly act: string; readonly message: Record<string, unknown> }
  | { readonly saw: 'message'; readonly id: number; readonly message: unknown }
  | { readonly saw: 'output'; readonly id: number; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | { readonly saw: 'probed'; readonly id: number; readonly result: string }
  /** What the door has counted, and the descriptors that the primary has open. */
  | {
      readonly saw: 'counted'
      readonly tag: string
      readonly counts: DoorCounts | null
      readonly cures: Cures['states']
      readonly fds: number
    }
  | { readonly saw: 'exit'; readonly id: number; readonly code: number | null; readonly signal: string | null }

const workers = new Map<number, Worker>()
let answersBye = true
let door: Door | null = null
const cures = new Cures(() => {})
const goneSlots = new Set<number>()

function report(what: Report): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

function obey(order: Order): void {
  switch (order.do) {
    case 'fork':
      fork(order)
      break
    case 'say':
      workers.get(order.id)?.process.send({ cmd: AGENT_COMMAND, ...order.message }, () => {})
      break
    case 'ignore-bye':
      answersBye = false
      break
    case 'disconnect':
      workers.get(order.id)?.disconnect()
      break
    case 'door':
      void examineNet(cures)
      door = holdTheDoor({
        isKept: () => true,
        mayHold: () => true,
        isDraining: () => true,
        hasSlot: (_app, slot) => !goneSlots.has(slot),
        schedule: cluster.schedulingPolicy === cluster.SCHED_NONE ? 'shared' : 'round-robin',
        cures,
        clock: systemClock,
      })
      break
    case 'drop-slot':
      goneSlots.add(order.slot)
      break
    case 'rotate':
      withWorker(order.id, (worker) => door?.setRotation(worker, order.inRotation))
      break
    case 'probe':
      withWorker(order.id, (worker) => void probe(worker, order))
      break
    case 'count':
      report({
        saw: 'counted',
        tag: order.tag,
        counts: door?.counts ?? null,
        cures: cures.states,
        fds: readdirSync('/proc/self/fd').length,
      })
      break
  }
}

function withWorker(id: number, act: (worker: Worker) => void): void {
  const worker = workers.get(id)
  if (worker !== undefined) act(worker)
}

async function probe(worker: Worker, { id, endpoint, timeoutMs }: Extract<Order, { do: 'probe' }>): Promise<void> {
  const connection = await door?.probeConnection(worker, endpoint, timeoutMs)
  if (connection?.ok !== true) {
    report({ saw: 'probed', id, result: `${connection?.reason}: ${connection?.message}` })
    return
  }
  const { socket } = connection
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('close', () => report({ saw: 'probed', id, result: text }))
  socket.write('GET / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n')
}

function fork({ id, entry, args, execArgv, env, app, slot, sticky, reusePort }: ForkOrder): void {
  cluster.setupPrimary({
    exec: entry,
    args: [...args],
    execArgv: [...execArgv],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    silent: false,
  })
  const worker = cluster.fork(env)
  workers.set(id, worker)
  const isolated = app === null ? null : slot !== null || isolatePorts(worker, app)
  if (slot !== null) door?.watch(worker, { app: app ?? 'app', slot, sticky, reusePort })
  worker.on('error', () => {})
  worker.on('listening', ({ port, address }) => report({ saw: 'listening', id, port, address: address ?? null }))
  worker.on('message', (message) => report({ saw: 'message', id, message }))
  worker.on('exit', (code: number | null, signal: string | null) => report({ saw: 'exit', id, code, signal }))
  worker.process.on('internalMessage', (message: Record<string, unknown>, handle: unknown) => {
    if (message.cmd !== AGENT_COMMAND) return
    if (message.act === 'socket' && handle != null) door?.returned(worker, handle)
    if (message.act === 'bye' && answersBye) obey({ do: 'say', id, message: { act: 'pong' } })
    report({ saw: 'said', id, act: String(message.act), message })
  })
  for (const stream of ['stdout', 'stderr'] as const) {
    const input = worker.process[stream]
    if (input) createInterface({ input }).on('line', (line) => report({ saw: 'output', id, stream, line }))
  }
  report({ saw: 'forked', id, pid: worker.process.pid ?? 0, isolated })
}

// Ctrl-C reaches the whole group; the supervisor too has listeners for it.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {})
// Whoever started this primary is gone: so is its purpose.
createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line)))
  .on('close', () => process.exit())
