// Takes evidence of one worker, from inside where its loop turns and from outside where it does not. Never throws, ends within
// its time box, and leaves no session, port or file behind. When to take what is decided by who calls: watchdogs, `diagnose`.

import { writeFileSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { topFunctions } from '../../events/cpu-profile.ts'
import type { Evidence } from '../../events/evidence.ts'
import type { AgentTalk } from './agent-talk.ts'
import type { AgentThread } from './agent-thread.ts'
import { readStack } from './blocked-stack.ts'
import type { InspectorAccess } from './inspector-access.ts'
import { beginLook, triageOf } from './read-proc.ts'
import { profileFromOutside } from './spinning-profile.ts'
import type { Triage } from './triage.ts'

/** What evidence needs of a worker. */
export interface EvidenceSubject {
  readonly process: { readonly pid?: number | undefined }
  readonly agent: AgentTalk
  readonly inspector: InspectorAccess
  /** The agent's own, which reads the stack without a signal; null: there is none. */
  readonly thread: Pick<AgentThread, 'stack'> | null
  /** What is being taken of it right now; null: nothing. */
  diagnosis: EvidenceRequest['kind'] | null
}

export type EvidenceRequest =
  | { readonly kind: 'stack' }
  | { readonly kind: 'heap-statistics' }
  /** `file`: absolute; must not exist. */
  | { readonly kind: 'cpu-profile'; readonly file: string; readonly durationMs: number }
  /** Blocks the worker meanwhile. `force`: also where disk or memory look too small. */
  | { readonly kind: 'heap-snapshot'; readonly file: string; readonly force: boolean }

export interface EvidenceOptions {
  /** The longest that all of it may take; a profile's duration is added. */
  readonly timeBoxMs: number
  readonly signal?: AbortSignal
}

/** An agent whose loop turns answers within this, also under load. */
const PROBE_MS = 250
const TOP_FUNCTIONS = 20
/** Whoever debugs it would be held up, or would hold us up. */
const DEBUGGED = 'a debugger is attached to it'

/**
 * Why a silent worker must not be taken for hung: a person's debugger is attached (it may stand at a breakpoint), or it is
 * being diagnosed. null: neither. Reads /proc: ask it of suspects, not of everybody.
 */
export function holdOff(subject: EvidenceSubject): 'a debugger is attached' | 'it is being diagnosed' | null {
  if (subject.diagnosis !== null && subject.diagnosis !== 'stack') return 'it is being diagnosed'
  return subject.inspector.attached() ? 'a debugger is attached' : null
}

export async function takeEvidence(
  subject: EvidenceSubject,
  request: EvidenceRequest,
  { timeBoxMs, signal }: EvidenceOptions,
): Promise<Evidence> {
  const { pid } = subject.process
  if (pid === undefined) return none('there is no process')
  if (subject.diagnosis !== null) return none(`a ${subject.diagnosis} of it is being taken already`)
  subject.diagnosis = request.kind
  const extraMs = request.kind === 'cpu-profile' ? request.durationMs : 0
  const box = new AbortController()
  const timer = setTimeout(() => box.abort(new Error(`nothing came within ${timeBoxMs} ms`)), timeBoxMs + extraMs)
  const inTime = signal === undefined ? box.signal : AbortSignal.any([signal, box.signal])
  try {
    return await take(subject, pid, request, inTime)
  } catch (error) {
    return none(messageOf(error))
  } finally {
    clearTimeout(timer)
    box.abort()
    subject.diagnosis = null
  }
}

function take(subject: EvidenceSubject, pid: number, request: EvidenceRequest, inTime: AbortSignal): Promise<Evidence> {
  switch (request.kind) {
    case 'stack':
      return takeStack(subject, pid, inTime)
    case 'cpu-profile':
      return takeProfile(subject, pid, request, inTime)
    case 'heap-statistics':
    case 'heap-snapshot':
      return takeFromInside(subject, pid, request, inTime)
  }
}

async function takeStack(subject: EvidenceSubject, pid: number, inTime: AbortSignal): Promise<Evidence> {
  const startedAt = performance.now()
  const longLook = beginLook(pid)
  const seen = await look(subject, pid, inTime)
  if (!mayRunJavaScript(seen)) return triaged(seen)
  const { thread, inspector } = subject
  const refusal = thread === null ? inspector.refusal() : inspector.attached() ? DEBUGGED : null
  if (refusal !== null) return triaged(seen, refusal)
  try {
    const frames =
      thread === null
        ? await throughInspector(subject, inTime, (url) => readStack(url, inTime))
        : await thread.stack(inTime)
    return { kind: 'stack', frames, tookMs: Math.round(performance.now() - startedAt) }
  } catch (error) {
    if (!inTime.aborted) return triaged(seen, messageOf(error))
    // It answers the inspector only between two steps of JavaScript: so it is in a native call that does not return.
    const late = longLook.end(false)
    return triaged(late.cause === 'on-cpu' ? { ...late, finding: 'on a CPU, in native code' } : late)
  }
}

async function takeProfile(
  subject: EvidenceSubject,
  pid: number,
  request: Extract<EvidenceRequest, { kind: 'cpu-profile' }>,
  inTime: AbortSignal,
): Promise<Evidence> {
  const { file, durationMs } = request
  if (await loopTurns(subject, inTime)) {
    const answer = await subject.agent.ask({ ...request, top: TOP_FUNCTIONS }, inTime)
    return answer.kind === 'failed' ? none(answer.reason) : { ...answer, file }
  }
  const seen = await triageOf(pid, false)
  if (!mayRunJavaScript(seen)) return none(`it ${verbOf(seen)}: there is no CPU time to profile`)
  const refusal = subject.inspector.refusal()
  if (refusal !== null) return none(refusal)
  try {
    const profile = await throughInspector(subject, inTime, (url) => profileFromOutside(url, durationMs, inTime))
    writeFileSync(file, JSON.stringify(profile), { flag: 'wx', mode: 0o600 })
    return { kind: 'cpu-profile', file, durationMs, top: topFunctions(profile, TOP_FUNCTIONS) }
  } catch (error) {
    if (!inTime.aborted) throw error
    return none(
      'its event loop does not turn, and it is in native code, which the profiler does not reach; --stack says more',
    )
  }
}

async function takeFromInside(
  subject: EvidenceSubject,
  pid: number,
  request: Extract<EvidenceRequest, { kind: 'heap-statistics' | 'heap-snapshot' }>,
  inTime: AbortSignal,
): Promise<Evidence> {
  if (!(await loopTurns(subject, inTime))) {
    return none(
      `its event loop does not turn (it ${verbOf(await triageOf(pid, false))}): only the worker itself can look at its heap`,
    )
  }
  const answer = await subject.agent.ask(request, inTime)
  switch (answer.kind) {
    case 'failed':
      return none(answer.reason)
    case 'heap-statistics':
      return answer
    case 'heap-snapshot':
      return request.kind === 'heap-snapshot'
        ? { ...answer, file: request.file }
        : none('an answer to another question')
  }
}

/** Looks from outside, and knocks inside meanwhile. */
async function look(subject: EvidenceSubject, pid: number, inTime: AbortSignal): Promise<Triage> {
  const [first, turns] = await Promise.all([triageOf(pid), loopTurns(subject, inTime)])
  // A loop that sleeps with a child is idle, or in spawnSync: that depends on the knock.
  return first.cause === 'idle' && !turns ? triageOf(pid, false) : first
}

async function loopTurns({ agent }: EvidenceSubject, inTime: AbortSignal): Promise<boolean> {
  try {
    await agent.ask({ kind: 'probe' }, AbortSignal.any([inTime, AbortSignal.timeout(PROBE_MS)]))
    return true
  } catch {
    return false
  }
}

/** Also Atomics.wait, which the kernel sees as a lock. */
function mayRunJavaScript({ cause }: Triage): boolean {
  return cause === 'own-threads' || cause === 'on-cpu' || cause === 'starved' || cause === 'lock' || cause === 'unknown'
}

async function throughInspector<Result>(
  { inspector }: EvidenceSubject,
  inTime: AbortSignal,
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(await inspector.open(inTime))
  } finally {
    inspector.release()
  }
}

function triaged({ state, waitsIn, finding }: Triage, note?: string): Evidence {
  return { kind: 'triage', state, waitsIn, finding: note === undefined ? finding : `${finding} (no stack: ${note})` }
}

function verbOf({ cause, finding }: Triage): string {
  return cause === 'idle' || /^(waits|sleeps|has)/.test(finding) ? finding : `is ${finding}`
}

function none(reason: string): Evidence {
  return { kind: 'none', reason }
}
