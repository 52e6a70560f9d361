// The agent: what resil preloads into every worker, with --require, as one self-contained file. It lets an unmodified app be
// drained, watched and ended in order, and the app can't tell (docs: what remains visible). This file is the table of contents.

import { dirname, join } from 'node:path'
import { AGENT_HANDLE, type AgentHandle } from '../protocol/agent-handle.ts'
import { THREAD_FD } from '../protocol/thread-words.ts'
import { type Beats, startBeats } from './beat.ts'
import { openChannel } from './channel.ts'
import { diagnose } from './diagnosis.ts'
import { Drain } from './drain.ts'
import { endProcess } from './end.ts'
import { showEntryAs } from './entry-name.ts'
import { createFarewell } from './farewell.ts'
import { Health } from './health.ts'
import { hideAgent } from './hide.ts'
import { holdListening } from './hold-listen.ts'
import { HttpCounts } from './http-counts.ts'
import type { ClusterOfWorker } from './internals/cluster-worker.ts'
import { clusterOfWorker } from './internals/cluster-worker.ts'
import { startHiddenThread } from './internals/hidden-thread.ts'
import { ignoreSignals } from './internals/ignore-signal.ts'
import { socketOn } from './internals/listening-socket.ts'
import { whenLoaded } from './loaded.ts'
import { letEndNaturally } from './natural-end.ts'
import { takeOrders } from './orders.ts'
import { Servers } from './servers.ts'
import { Strategies } from './strategies.ts'
import { ORPHAN_DEADLINE_MS, onSupervisorGone } from './supervisor-gone.ts'

hideAgent(__filename)
const orders = takeOrders()
if (orders.entryName !== undefined) showEntryAs(orders.entryName)
const cluster = clusterOfWorker()
if (cluster) start(cluster)
if (cluster && orders.thread) startHiddenThread(join(dirname(__filename), 'agent-thread.cjs'), THREAD_FD)

function start(cluster: ClusterOfWorker): void {
  const servers = new Servers()
  const health = new Health()
  const strategies = new Strategies()
  let chaosAllowed = false
  const http = new HttpCounts()
  let beats: Beats | null = null
  const channel = openChannel((message) => {
    switch (message.act) {
      case 'drain':
        drain.begin(message, ({ signal }) => farewell.say().then(() => end(signal, true)))
        break
      case 'allow-chaos':
        chaosAllowed = true
        break
      case 'pong':
        farewell.answered()
        break
      case 'probe':
        channel.say({ act: 'probed', question: message.question, ...health.answer(message.kind) })
        break
      case 'promote':
        held?.release()
        break
      case 'return-socket': {
        const socket = socketOn(servers.open, message.port)
        if (socket !== null) channel.say({ act: 'socket' }, socket)
        break
      }
      case 'diagnose':
        void diagnose(message.question).then((diagnosis) =>
          channel.say({ act: 'diagnosis', id: message.id, diagnosis }),
        )
        break
    }
  })
  const farewell = createFarewell(
    channel,
    () => beats?.sendLast(),
    () => drain.cutOff,
  )
  const drain = new Drain(servers, channel)
  // Ctrl-C and a closed terminal reach the whole process group: the supervisor decides what follows from it.
  const giveSignalsBack = ignoreSignals(['SIGINT', 'SIGHUP'])
  const end = (signal: string, supervised: boolean) => {
    // Out of any promise: an error in the app's own signal handler is an uncaught exception, and not a rejection.
    setImmediate(endProcess, { signal, hasServed: servers.everListened, supervised, giveSignalsBack })
  }

  // Whichever comes first: a module that serves in a top-level await that never ends is never evaluated to its end.
  const beginBeats = () => {
    beats ??= startBeats(channel, {
      connections: () => servers.accepted.size,
      requests: () => servers.requests,
      http: () => http.take(),
      strategies: () => strategies.changes(),
    })
  }

  const held = orders.standby ? holdListening(cluster, () => channel.say({ act: 'held' })) : null
  letEndNaturally(cluster, channel)
  servers.onListening = (server) => {
    drain.stopAccepting(server)
    // A beat comes only after a second: one that hangs in the first request of its life is known to have been well before.
    setImmediate(() => channel.say({ act: 'turns' })).unref()
    beginBeats()
  }
  servers.onFailed = (failure) => channel.say({ act: 'listen-failed', ...failure })
  servers.onClosed = () => {
    // Also where the app closed it by itself: it may end any moment now.
    if (!drain.begun) void farewell.say()
    drain.look()
  }
  servers.watch()
  http.watch()
  onSupervisorGone(cluster, () => {
    farewell.abandon()
    const request = { deadlineMs: ORPHAN_DEADLINE_MS, idleWaitMs: 0, signal: 'SIGTERM' }
    drain.begin(request, ({ signal }) => end(signal, false))
  })
  whenLoaded(() => {
    channel.say({ act: 'loaded', sigusr1: process.listenerCount('SIGUSR1') > 0 })
    beginBeats()
  })
  offerToApp({
    ready: () => channel.say({ act: 'ready' }),
    onDrain: (listener) => drain.onBegin(listener),
    get draining() {
      return drain.begun
    },
    get chaosAllowed() {
      return chaosAllowed
    },
    watchHealth: (registry) => health.watch(registry),
    watch: (strategy) => strategies.watch(strategy),
  })
}

/** For resil/worker, which may be another copy of resil than this one. */
function offerToApp(handle: AgentHandle): void {
  Object.defineProperty(globalThis, AGENT_HANDLE, { value: handle })
}
