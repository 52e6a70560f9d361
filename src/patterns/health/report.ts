// The words of health: what a check says, and what the registry makes of all of them.

export type HealthStatus = 'pass' | 'warn' | 'fail'
export type HealthKind = 'liveness' | 'readiness' | 'startup'

export interface CheckResult {
  readonly status: HealthStatus
  /** One line for people. */
  readonly output?: string | undefined
  readonly observedValue?: number | undefined
  readonly observedUnit?: string | undefined
}

export interface CheckReport extends CheckResult {
  readonly kind: HealthKind
  readonly critical: boolean
  /** Since the result was known. */
  readonly ageMs: number
  readonly durationMs: number
}

export interface HealthReport {
  readonly status: HealthStatus
  readonly checks: { readonly [name: string]: CheckReport }
}
