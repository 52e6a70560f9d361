// What supervisor and agent say to each other over the worker's IPC channel.
// The agent imports the types only; the supervisor checks what comes from workers against the schemas.

import * as z from 'zod/mini'
import { AGENT_COMMAND } from './agent-command.ts'
import { DURATION_BOUNDS_S, STATUS_CLASSES } from './http-counts.ts'
import { BREAKER_STATES, LONGEST_STRATEGY_NAME, MOST_STRATEGIES } from './strategy-sample.ts'

export type SupervisorMessage =
  /** Take nothing new, finish what is in hand within `deadlineMs`, then end. Idle keep-alive sockets get at most `idleWaitMs`. */
  | {
      readonly cmd: typeof AGENT_COMMAND
      readonly act: 'drain'
      readonly deadlineMs: number
      readonly idleWaitMs: number
      readonly signal: string
    }
  /** chaos() in the app's code may inject faults. Not said where it may not. */
  | { readonly cmd: typeof AGENT_COMMAND; readonly act: 'allow-chaos' }
  /** Answer to `bye`: all connections sent before it have been delivered, so it is safe to end. */
  | { readonly cmd: typeof AGENT_COMMAND; readonly act: 'pong' }
  /** The app's own health checks of a kind; answered by `probed` with the same number. */
  | { readonly cmd: typeof AGENT_COMMAND; readonly act: 'probe'; readonly question: number; readonly kind: string }
  /** A standby may listen now. */
  | { readonly cmd: typeof AGENT_COMMAND; readonly act: 'promote' }
  /** Send a copy of the socket that listens on this port: answered by `socket`. */
  | { readonly cmd: typeof AGENT_COMMAND; readonly act: 'return-socket'; readonly port: number }
  /** Look at yourself: answered by `diagnosis` with the same id. */
  | {
      readonly cmd: typeof AGENT_COMMAND
      readonly act: 'diagnose'
      readonly id: number
      readonly question: AgentQuestion
    }

/** What a worker can tell about itself, while its loop turns. */
export type AgentQuestion =
  | { readonly kind: 'probe' }
  /** The inspector that the supervisor had opened; answered when it is closed for good. */
  | { readonly kind: 'close-inspector' }
  | { readonly kind: 'heap-statistics' }
  /** `file`: must not exist. */
  | { readonly kind: 'cpu-profile'; readonly file: string; readonly durationMs: number; readonly top: number }
  | { readonly kind: 'heap-snapshot'; readonly file: string; readonly force: boolean }

const StrategyName = z.string().check(z.maxLength(LONGEST_STRATEGY_NAME))
const StrategySample = z.discriminatedUnion('kind', [
  z.object({
    id: z.number(),
    kind: z.literal('circuitBreaker'),
    name: StrategyName,
    state: z.enum(BREAKER_STATES),
    calls: z.number(),
    failures: z.number(),
    rejected: z.number(),
  }),
  z.object({
    id: z.number(),
    kind: z.literal('bulkhead'),
    name: StrategyName,
    limit: z.number(),
    inFlight: z.number(),
    queued: z.number(),
    rejected: z.number(),
  }),
  z.object({ id: z.number(), kind: z.literal('chaos'), name: StrategyName, injected: z.number() }),
  z.object({ id: z.number(), kind: z.literal('gone') }),
])

const count = () => z.int().check(z.gte(0))

/** See protocol/http-counts.ts. */
const Http = z.object({
  inHand: count(),
  responses: z.readonly(z.array(count()).check(z.length(STATUS_CLASSES.length))),
  aborted: count(),
  durations: z.readonly(z.array(count()).check(z.length(DURATION_BOUNDS_S.length + 1))),
  durationSumMs: z.number().check(z.gte(0)),
})

/** One sample, once a second, and a last one before `bye`. Counters are totals since the worker began. */
export const Beat = z.object({
  cmd: z.literal(AGENT_COMMAND),
  act: z.literal('beat'),
  heapUsed: z.number(),
  /** Event-loop delay since the last beat, 99th percentile, milliseconds. */
  delayP99Ms: z.number(),
  /** Event-loop utilization since the last beat, 0..1. */
  utilization: z.number(),
  /** Open server-side connections now. */
  connections: z.number(),
  /** Requests begun, in total. */
  requests: z.number(),
  /** Those that changed since they were told last; absent where none did. */
  strategies: z.optional(z.array(StrategySample).check(z.maxLength(2 * MOST_STRATEGIES))),
  /** Responses by class of status and duration; absent where nothing has changed since the beat before. */
  http: z.optional(Http),
  /** The app listens for SIGUSR1 itself. */
  sigusr1: z.optional(z.boolean()),
})
export type Beat = z.infer<typeof Beat>

const ProfiledFunction = z.object({
  name: z.string(),
  file: z.nullable(z.string()),
  line: z.nullable(z.number()),
  column: z.nullable(z.number()),
  selfRatio: z.number(),
})

/** The answer to the question of the same kind, or why there is none. */
export const Diagnosis = z.discriminatedUnion('kind', [
  /** `inspecting`: an inspector is open. */
  z.object({ kind: z.literal('probe'), sigusr1: z.boolean(), inspecting: z.boolean() }),
  z.object({ kind: z.literal('close-inspector') }),
  z.object({
    kind: z.literal('heap-statistics'),
    numbers: z.record(z.string(), z.number()),
    /** Bytes in use, by space. */
    spaces: z.record(z.string(), z.number()),
  }),
  z.object({ kind: z.literal('cpu-profile'), durationMs: z.number(), top: z.array(ProfiledFunction) }),
  z.object({ kind: z.literal('heap-snapshot'), bytes: z.number() }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
])
export type Diagnosis = z.infer<typeof Diagnosis>

export const AgentMessage = z.discriminatedUnion('act', [
  Beat,
  /** The entry has been evaluated without a throw. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('loaded'), sigusr1: z.boolean() }),
  z.object({
    cmd: z.literal(AGENT_COMMAND),
    act: z.literal('probed'),
    question: z.number(),
    ok: z.boolean(),
    detail: z.string(),
  }),
  /** Its event loop turns after a listen(), whatever the app did there; beats follow, each second. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('turns') }),
  /** A standby would listen now, and waits to be promoted. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('held') }),
  /** The app called ready() of resil/worker. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('ready') }),
  /** A server could not listen; the app may be about to die of it. */
  z.object({
    cmd: z.literal(AGENT_COMMAND),
    act: z.literal('listen-failed'),
    code: z.string(),
    port: z.nullable(z.number()),
    address: z.nullable(z.string()),
  }),
  /** Answer to `return-socket`, with the copy as its handle. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('socket') }),
  /** Drained and closed; waits for `pong` before it ends. `cutOff`: connections whose work was not done by the deadline. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('bye'), cutOff: count() }),
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('diagnosis'), id: z.number(), diagnosis: Diagnosis }),
])
export type AgentMessage = z.infer<typeof AgentMessage>
