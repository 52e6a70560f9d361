// What supervisor and agent say to each other over the worker's IPC channel.
// The agent imports the types only; the supervisor checks what comes from workers against the schemas.

import * as z from 'zod/mini'
import { AGENT_COMMAND } from './agent-command.ts'

export type SupervisorMessage =
  /** Take nothing new, finish what is in hand within `deadlineMs`, then end. Idle keep-alive sockets get at most `idleWaitMs`. */
  | {
      readonly cmd: typeof AGENT_COMMAND
      readonly act: 'drain'
      readonly deadlineMs: number
      readonly idleWaitMs: number
      readonly signal: string
    }
  /** Answer to `bye`: all connections sent before it have been delivered, so it is safe to end. */
  | { readonly cmd: typeof AGENT_COMMAND; readonly act: 'pong' }
  /** A standby may listen now. */
  | { readonly cmd: typeof AGENT_COMMAND; readonly act: 'promote' }

/** One sample, once a second. Counters are totals since the worker began. */
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
})
export type Beat = z.infer<typeof Beat>

export const AgentMessage = z.discriminatedUnion('act', [
  Beat,
  /** The entry has been evaluated without a throw. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('loaded') }),
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
  /** Drained and closed; waits for `pong` before it ends. */
  z.object({ cmd: z.literal(AGENT_COMMAND), act: z.literal('bye') }),
])
export type AgentMessage = z.infer<typeof AgentMessage>
