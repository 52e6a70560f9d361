// What an incident's file may hold: read back, it comes from a disk that anybody may have written to, or from another version.

import * as z from 'zod/mini'
import type { Evidence } from '../events/evidence.ts'
import { EXIT_KINDS } from '../events/exit.ts'
import { INCIDENT_KINDS } from '../events/incident-kind.ts'
import type { Incident } from './incident.ts'
import { isIncidentId } from './incident-id.ts'

const Column = z.array(z.nullable(z.number()))

const StoredIncident = z.object({
  version: z.literal(1),
  id: z.string().check(z.refine(isIncidentId, 'no id of an incident')),
  kind: z.enum(INCIDENT_KINDS),
  state: z.enum(['open', 'resolved']),
  supervisor: z.object({ name: z.string(), pid: z.number(), version: z.string(), node: z.string() }),
  app: z.nullable(z.string()),
  // Not in files of resil before it knew of breakers.
  about: z._default(z.nullable(z.string()), null),
  workers: z.array(
    z.object({ slot: z.number(), worker: z.number(), pid: z.nullable(z.number()), generation: z.number() }),
  ),
  failures: z.number(),
  begunAt: z.number(),
  updatedAt: z.number(),
  endedAt: z.nullable(z.number()),
  summary: z.string(),
  hint: z.nullable(z.string()),
  exit: z.nullable(
    z.object({
      kind: z.enum(EXIT_KINDS),
      code: z.nullable(z.number()),
      signal: z.nullable(z.string()),
      uptimeMs: z.number(),
      errorCode: z.nullable(z.string()),
      port: z.nullable(z.number()),
      atMs: z.number(),
    }),
  ),
  decision: z.object({ did: z.string(), why: z.string() }),
  timeline: z.array(z.object({ at: z.number(), type: z.string(), text: z.string() })),
  omitted: z.number(),
  lines: z.array(
    z.object({
      at: z.number(),
      app: z.nullable(z.string()),
      slot: z.nullable(z.number()),
      pid: z.nullable(z.number()),
      stream: z.enum(['stdout', 'stderr', 'resil']),
      text: z.string(),
    }),
  ),
  samples: z.nullable(
    z.object({
      at: z.array(z.number()),
      cpu: Column,
      rss: Column,
      heapUsed: Column,
      delayP99Ms: Column,
      utilization: Column,
      connections: Column,
      requests: Column,
    }),
  ),
  evidence: z.array(
    z.object({
      at: z.number(),
      slot: z.number(),
      pid: z.nullable(z.number()),
      // It is only shown: what a kind holds beyond its name is up to those who take it.
      evidence: z.looseObject({ kind: z.string() }),
    }),
  ),
})

/** Throws, with a reason fit for one line. */
export function parseIncident(text: string): Incident {
  const parsed = StoredIncident.safeParse(JSON.parse(text))
  if (parsed.success) {
    const { evidence, ...incident } = parsed.data
    return { ...incident, evidence: evidence.map((one) => ({ ...one, evidence: one.evidence as unknown as Evidence })) }
  }
  const [issue] = parsed.error.issues
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}
