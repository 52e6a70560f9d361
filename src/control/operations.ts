// The one table of what a running supervisor can be asked: name, request schema, handler. Transports (the Unix socket now,
// HTTP later) find a name here and perform it; they know no operation, and no operation knows them.

import * as z from 'zod/mini'
import en from 'zod/v4/locales/en.js'
import { didYouMean } from '../config/suggest.ts'
import { ResilError } from '../errors.ts'
import {
  type ItemOf,
  LONGEST_PROFILE_MS,
  type OperationName,
  type ParamsOf,
  type ResultOf,
} from '../protocol/control.ts'
import { VERSION } from '../version.ts'
import { diagnose } from './operations/diagnose.ts'
import { streamEvents } from './operations/events.ts'
import { incidents, why } from './operations/incidents.ts'
import { streamLogs } from './operations/logs.ts'
import { plan, reload, restart } from './operations/roll-out.ts'
import { scale } from './operations/scale.ts'
import { status } from './operations/status.ts'
import { stop } from './operations/stop.ts'
import type { ControlPort } from './port.ts'

/** Where a streaming operation puts its items. */
export interface ItemSink<Item> {
  emit(item: Item): void
  /** Whoever asked reads more slowly than this writes: wait for `drained`, or drop and count. */
  full(): boolean
  drained(): Promise<void>
}

export interface Call<Op extends OperationName> {
  readonly port: ControlPort
  readonly params: ParamsOf<Op>
  readonly sink: ItemSink<ItemOf<Op>>
  /** Aborted when whoever asked has gone. What was begun goes on. */
  readonly signal: AbortSignal
}

interface Operation<Op extends OperationName> {
  readonly params: z.ZodMiniType<ParamsOf<Op>>
  readonly handle: (call: Call<Op>) => ResultOf<Op> | Promise<ResultOf<Op>>
}

// zod/mini brings no words of its own.
z.config(en())

const Name = z.string().check(z.minLength(1), z.maxLength(200))
const Target = Name
/** Names and values as execve takes them. */
const Environment = z.record(z.string().check(z.regex(/^[^=\0]+$/)), z.string().check(z.regex(/^[^\0]*$/)))
const ReloadParams = z.strictObject({
  app: z.optional(Name),
  allowPortChange: z.optional(z.boolean()),
  supersede: z.optional(z.boolean()),
  env: z.optional(Environment),
  canary: z.optional(z.int().check(z.gte(0), z.lte(1024))),
})

const NewFile = z.string().check(z.regex(/^\//, 'the path must be absolute'), z.maxLength(4_096))
const DiagnoseRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('stack') }),
  z.strictObject({ kind: z.literal('heap-statistics') }),
  z.strictObject({
    kind: z.literal('cpu-profile'),
    durationMs: z.int().check(z.minimum(10), z.maximum(LONGEST_PROFILE_MS)),
    file: NewFile,
  }),
  z.strictObject({ kind: z.literal('heap-snapshot'), file: NewFile, force: z.boolean() }),
])

const operations: { readonly [Op in OperationName]: Operation<Op> } = {
  ping: {
    params: z.strictObject({}),
    handle: ({ port }) => ({
      name: port.name,
      pid: process.pid,
      version: VERSION,
      dir: port.dir,
      apps: port.appNames(),
    }),
  },
  status: { params: z.strictObject({ app: z.optional(Name) }), handle: status },
  reload: { params: ReloadParams, handle: reload },
  plan: { params: ReloadParams, handle: plan },
  restart: {
    params: z.strictObject({ target: z.optional(Target), supersede: z.optional(z.boolean()) }),
    handle: restart,
  },
  stop: { params: z.strictObject({ target: z.optional(Target), force: z.optional(z.boolean()) }), handle: stop },
  scale: {
    params: z.strictObject({
      app: Name,
      to: z.string().check(z.regex(/^[+-]?\d{1,6}$/, 'write a number of workers ("4"), or a change ("+1", "-1")')),
    }),
    handle: scale,
  },
  logs: {
    params: z.strictObject({
      app: z.optional(Name),
      follow: z.optional(z.boolean()),
      since: z.optional(z.number()),
      grep: z.optional(z.string().check(z.maxLength(1_000))),
      lines: z.optional(z.int().check(z.minimum(0))),
    }),
    handle: streamLogs,
  },
  incidents: {
    params: z.strictObject({
      app: z.optional(Name),
      since: z.optional(z.number()),
      limit: z.optional(z.int().check(z.minimum(1))),
    }),
    handle: incidents,
  },
  why: { params: z.strictObject({ id: z.optional(Name), app: z.optional(Name) }), handle: why },
  diagnose: {
    params: z.strictObject({
      target: Target,
      request: DiagnoseRequest,
      timeBoxMs: z.optional(z.int().check(z.minimum(100), z.maximum(3_600_000))),
    }),
    handle: diagnose,
  },
  events: { params: z.strictObject({ follow: z.optional(z.boolean()) }), handle: streamEvents },
}

export const operationNames = Object.keys(operations) as readonly OperationName[]

export function findOperation(
  name: string,
): { readonly ok: true; readonly name: OperationName } | { readonly ok: false; readonly problem: string } {
  if (Object.hasOwn(operations, name)) return { ok: true, name: name as OperationName }
  const hint = didYouMean(name, operationNames)
  return { ok: false, problem: `op: there is no operation ${JSON.stringify(name.slice(0, 100))}${hint}` }
}

/** `params` as they came in. Throws a ResilError that names what is wrong with them. */
export async function perform<Op extends OperationName>(
  op: Op,
  call: Omit<Call<Op>, 'params'> & { readonly params: unknown },
): Promise<ResultOf<Op>> {
  const { params: schema, handle } = operations[op] as Operation<Op>
  const parsed = schema.safeParse(call.params)
  if (parsed.success) return handle({ ...call, params: parsed.data })
  const [issue] = parsed.error.issues
  const where = ['params', ...(issue?.path ?? [])].join('.')
  throw new ResilError('RESIL_BAD_REQUEST', `${op}: ${where}: ${issue?.message ?? 'not valid'}`)
}
