// What a health check is, and what its answer means.

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
