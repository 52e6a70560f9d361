// The parent's view of one worker: turns what its process and agent report into inputs, and keeps its last sample.
// The worker's own side of the same conversation is agent/.

import type { Worker } from 'node:cluster'
import type { Duplex } from 'node:stream'
import type { Door } from '../cluster-internals/door.ts'
import type { ProbeConnection } from '../cluster-internals/probe-connection.ts'
import type { ProbeName } from '../config/settings.ts'
import { AGENT_COMMAND } from '../protocol/agent-command.ts'
import { STATUS_CLASSES } from '../protocol/http-counts.ts'
import { THREAD_FD } from '../protocol/thread-words.ts'
import { AgentMessage, type Beat, type SupervisorMessage } from '../protocol/worker-messages.ts'
import type { Input } from '../supervisor/inputs.ts'
import { killWithDescendants } from './descendants.ts'
import { createAgentTalk } from './evidence/agent-talk.ts'
import { talkToThread } from './evidence/agent-thread.ts'
import type { EvidenceSubject } from './evidence/evidence.ts'
import { openInspectorAccess } from './evidence/inspector-access.ts'
import { ownerOfPort } from './port-owner.ts'
import { createHealthTalk, type HealthAnswer } from './probes/health-talk.ts'
import { keepSamples, type LiveSample } from './strategies.ts'

export interface WorkerHandle extends EvidenceSubject {
  readonly id: number
  readonly app: string
  readonly slot: number
  readonly process: Worker['process']
  /** The agent's last report; null before the first. `http` is always what was last known of it. */
  readonly beat: Beat | null
  /** The app's named breakers and bulkheads in this worker, and its chaos, as last told. */
  readonly strategies: Iterable<LiveSample>
  /** chaos() in the app's code may inject faults from now on. */
  allowChaos(): void
  /** Asks the agent to drain; where it can't be asked any more, the signal itself is sent. */
  drain(options: { readonly deadlineMs: number; readonly idleWaitMs: number; readonly signal: NodeJS.Signals }): void
  signal(signal: NodeJS.Signals): void
  /** Out of rotation it keeps its connections and gets no new ones, while another worker of the port is in. */
  setRotation(inRotation: boolean): void
  /** A connection to this worker and no other, though all share the port; `endpoint` is a port or path, null: its first. */
  probeConnection(endpoint: string | null, timeoutMs: number): Promise<ProbeConnection>
  /** Connections that did not reach it, for want of a descriptor. */
  readonly missedConnections: number
  /** What the app's own health checks of a kind say; that its event loop turns where it has none. */
  askHealth(kind: ProbeName, timeoutMs: number): Promise<HealthAnswer>
  /** Lets a standby listen, for a slot. */
  promote(slot: number): void
}

export interface WorkerIdentity {
  readonly id: number
  readonly app: string
  /** A standby gets it when it is promoted. */
  slot: number
  readonly sticky: boolean
  readonly reusePort: boolean
}

export interface WorkerSurroundings {
  readonly report: (input: Input) => void
  readonly door: Door
  /** Whether the kernel has killed for memory since the last call. */
  readonly sawOomKill: () => boolean
  readonly inspected: { readonly captured: boolean; readonly usersPort: number | null }
  /** A breaker of the app has turned here, or a fault was injected. */
  readonly onStrategyTurn: () => void
}

export function watchWorker(worker: Worker, identity: WorkerIdentity, around: WorkerSurroundings): WorkerHandle {
  const { id } = identity
  const { report, door, sawOomKill, inspected, onStrategyTurn } = around
  const strategies = new Map<number, LiveSample>()
  let beat: Beat | null = null
  let ended = false
  /** Whether the app listens for SIGUSR1; null: not said yet. */
  let sigusr1: boolean | null = null

  const end = (code: number | null, signal: string | null, forkError: string | null): void => {
    if (ended) return
    ended = true
    agent.close()
    inspector.close()
    thread?.close()
    health.close()
    const oomKilled = signal === 'SIGKILL' && sawOomKill()
    report({ type: 'worker.exited', worker: id, code, signal, forkError, oomKilled })
  }

  const agent = createAgentTalk({
    connected: () => worker.process.connected,
    send: (questionId, question) => send({ cmd: AGENT_COMMAND, act: 'diagnose', id: questionId, question }),
  })
  const health = createHealthTalk((question, kind) => send({ cmd: AGENT_COMMAND, act: 'probe', question, kind }))
  const inspector = openInspectorAccess({
    pid: worker.process.pid ?? 0,
    ...inspected,
    agent,
    appListensForSigusr1: () => sigusr1,
  })

  // There is one where forkWorker made it. Where the system has no descriptors left, a process has no stdio at all.
  const line = worker.process.stdio?.[THREAD_FD]
  const thread = line == null ? null : talkToThread(line as Duplex)

  door.watch(worker, identity)
  // Without a listener, a worker that dies between asking for a port and the answer (EPIPE) takes the supervisor along.
  // An error without a pid is the fork itself: then no 'exit' will follow.
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (worker.process.pid === undefined) end(null, null, error.code ?? 'UNKNOWN')
  })
  // 'disconnect' sometimes never comes after a kill under load; 'exit' does. First in line, since Node's own listener may throw
  // (cluster-internals/known-faults.ts); reported when that one is through, so that a port is free before it is wanted again.
  worker.process.prependOnceListener('exit', (code: number | null, signal: string | null) => {
    process.nextTick(end, code, signal, null)
  })
  worker.on('listening', ({ address, port }) => {
    const ephemeral = door.isEphemeral(worker, port)
    report({ type: 'worker.listening', worker: id, address: address ?? null, port: port > 0 ? port : null, ephemeral })
  })
  // pm2's wait_ready, in the words that apps already use.
  worker.on('message', (message: unknown) => {
    if (message === 'ready') report({ type: 'worker.messagedReady', worker: id })
  })
  worker.process.on('internalMessage', (message: { cmd?: unknown }, handle: unknown) => {
    if (message?.cmd !== AGENT_COMMAND) return
    const parsed = AgentMessage.safeParse(message)
    if (parsed.success) onAgentMessage(parsed.data, handle)
  })

  function onAgentMessage(message: AgentMessage, handle: unknown): void {
    switch (message.act) {
      case 'socket':
        if (handle != null) door.returned(worker, handle)
        return
      case 'beat':
        sigusr1 = message.sigusr1 === true
        beat = message.http === undefined && beat?.http !== undefined ? { ...message, http: beat.http } : message
        if (keepSamples(strategies, message.strategies ?? [])) onStrategyTurn()
        reportBeat(beat)
        return
      case 'probed':
        health.answered(message.question, { ok: message.ok, detail: message.detail })
        return
      case 'held':
        report({ type: 'worker.held', worker: id })
        return
      case 'loaded':
        sigusr1 = message.sigusr1
        report({ type: 'worker.loaded', worker: id })
        return
      case 'turns':
        report({ type: 'worker.turned', worker: id })
        return
      case 'ready':
        report({ type: 'worker.messagedReady', worker: id })
        return
      case 'listen-failed': {
        const { code, port, address } = message
        const owner = port !== null && code === 'EADDRINUSE' ? ownerOfPort(port) : null
        report({ type: 'worker.listenFailed', worker: id, code, port, address, owner })
        return
      }
      case 'diagnosis':
        agent.answered(message.id, message.diagnosis)
        return
      case 'bye':
        if (message.cutOff > 0) report({ type: 'worker.cutOff', worker: id, connections: message.cutOff })
        send({ cmd: AGENT_COMMAND, act: 'pong' })
        return
    }
  }

  function reportBeat({ heapUsed, delayP99Ms, utilization, connections, requests, http }: Beat): void {
    const responses = responsesIn(http)
    report({ type: 'worker.beat', worker: id, heapUsed, delayP99Ms, utilization, connections, requests, responses })
  }

  /** false: it can't be told any more. */
  function send(message: SupervisorMessage): boolean {
    if (!worker.process.connected) return false
    // The callback takes the error that a closing channel would otherwise emit.
    worker.process.send(message, () => {})
    return true
  }

  return {
    id,
    app: identity.app,
    get slot() {
      return identity.slot
    },
    process: worker.process,
    agent,
    inspector,
    thread,
    diagnosis: null,
    get beat() {
      return beat
    },
    get strategies() {
      return strategies.values()
    },
    askHealth: health.ask,
    allowChaos: () => void send({ cmd: AGENT_COMMAND, act: 'allow-chaos' }),
    drain: ({ deadlineMs, idleWaitMs, signal }) => {
      const told = send({ cmd: AGENT_COMMAND, act: 'drain', deadlineMs, idleWaitMs, signal })
      if (!told) worker.process.kill(signal)
    },
    promote: (slot) => {
      identity.slot = slot
      send({ cmd: AGENT_COMMAND, act: 'promote' })
    },
    signal: (signal) => {
      const { pid } = worker.process
      if (signal === 'SIGKILL' && pid !== undefined) killWithDescendants(pid, () => worker.process.kill(signal))
      else worker.process.kill(signal)
    },
    get missedConnections() {
      return door.missedBy(worker)
    },
    setRotation: (inRotation) => door.setRotation(worker, inRotation),
    probeConnection: (endpoint, timeoutMs) => door.probeConnection(worker, endpoint, timeoutMs),
  }
}

/** undefined: the worker has not answered over HTTP yet. */
function responsesIn(http: Beat['http']): { readonly answered: number; readonly failed: number } | undefined {
  if (http === undefined) return undefined
  const { responses, aborted } = http
  const serverErrors = responses[STATUS_CLASSES.indexOf('5xx')] ?? 0
  return { answered: responses.reduce((sum, count) => sum + count, aborted), failed: serverErrors + aborted }
}
