// What a health check is, and what its answer means.

import { messageOf } from '../../errors.ts'
import type { CheckResult } from './report.ts'

/** true or nothing: pass. false or a throw: fail. */
export type CheckFn = (
  signal: AbortSignal,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing passes
) => CheckResult | boolean | undefined | void | Promise<CheckResult | boolean | undefined | void>

/** Ready-made checks say what they look at: one of a dependency throws TypeError when registered as liveness. */
export interface Check<D extends boolean = boolean> {
  readonly run: CheckFn
  /** It looks at something outside this process: restarting the process would not cure it. */
  readonly dependency: D
}

export function resultOf(answer: unknown): CheckResult {
  if (answer === undefined || answer === true) return { status: 'pass' }
  if (answer === false) return { status: 'fail' }
  const { status } = (answer ?? {}) as Partial<CheckResult>
  if (status === 'pass' || status === 'warn' || status === 'fail') return answer as CheckResult
  return { status: 'fail', output: 'the check answered neither true, false nor { status: "pass" | "warn" | "fail" }' }
}

/** Why a check threw, down to what was behind it: "fetch failed" says nothing, and of several addresses each has its own. */
export function reasonOf(error: unknown): string {
  try {
    return reasonsOf(error).join(': ') || 'the check threw an error without a message'
  } catch {
    return messageOf(error)
  }
}

function reasonsOf(error: unknown): readonly string[] {
  const reasons: string[] = []
  for (let cause = error; reasons.length < DEEPEST; cause = (cause as Error).cause) {
    const reason = messageOf(cause) || partsOf(cause)
    if (reason !== '') reasons.push(reason)
    if (!(cause instanceof Error) || cause.cause === undefined) break
  }
  return reasons
}

/** Causes that are told: one may be its own. */
const DEEPEST = 4

function partsOf(error: unknown): string {
  const { errors, code } = Object(error) as { errors?: unknown; code?: unknown }
  if (Array.isArray(errors)) return errors.map(messageOf).join(', ')
  return typeof code === 'string' ? code : ''
}
