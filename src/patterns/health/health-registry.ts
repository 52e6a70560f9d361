// All checks of a process: run in the background, read from memory, so that a probe never waits and many probes cost nothing.

import { type Clock, systemClock } from '../../clock.ts'
import { Listeners, type PatternEvent } from '../events.ts'
import {
  booleanOption,
  COMMON_KEYS,
  type CommonOptions,
  checkKeys,
  clockOption,
  nameOption,
  numberOption,
  oneOf,
  show,
} from '../options.ts'
import { tellHealth } from '../supervised.ts'
import type { Check, CheckFn } from './check.ts'
import { Checked, type CheckRules } from './checked.ts'
import type { CheckReport, CheckResult, HealthKind, HealthReport, HealthStatus } from './report.ts'

export interface CheckOptions<K extends HealthKind = HealthKind> {
  /** Default 'readiness'. */
  readonly kind?: K | undefined
  /** Not critical: its fail is a warn of the whole. Default true. */
  readonly critical?: boolean | undefined
  /** Default 5_000. */
  readonly timeoutMs?: number | undefined
  /** Default 10_000 (Kubernetes). */
  readonly intervalMs?: number | undefined
  /** Older is fail. Default 3 · intervalMs + timeoutMs. */
  readonly maxAgeMs?: number | undefined
}

export interface HealthRegistry {
  /** Returns the way to unregister. A name taken throws. */
  register(name: string, check: CheckFn | Check<false>, options?: CheckOptions): () => void
  register(name: string, check: Check, options?: CheckOptions<'readiness' | 'startup'>): () => void
  /** Runs all now (joins those running), then reports. */
  runAll(kind?: HealthKind): Promise<HealthReport>
  /** The cache: what probes read. Never waits. */
  report(kind?: HealthKind): HealthReport
  on(listener: (event: PatternEvent) => void): () => void
  dispose(): void
}

const OF = 'healthRegistry'
const CHECK_KEYS = ['kind', 'critical', 'timeoutMs', 'intervalMs', 'maxAgeMs']
const KINDS = ['liveness', 'readiness', 'startup'] as const

export function healthRegistry(options: CommonOptions = {}): HealthRegistry {
  checkKeys(OF, options, COMMON_KEYS)
  const clock: Clock = clockOption(OF, options.clock) ?? systemClock
  const name = nameOption(OF, options.name)
  const listeners = new Listeners()
  const checks = new Map<string, Checked>()

  const of = (kind: HealthKind | undefined): Checked[] =>
    [...checks.values()].filter(({ rules }) => kind === undefined || rules.kind === kind)

  const report = (kind?: HealthKind): HealthReport => {
    // Not by assignment, which would lose a check called "__proto__", and with it its fail.
    const reports = Object.fromEntries<CheckReport>(of(kind).map((checked) => [checked.name, checked.report()]))
    return { status: statusOf(Object.values(reports)), checks: reports }
  }

  const tell = (check: string, from: CheckResult, to: CheckResult): void => {
    if (from.status === to.status || !listeners.any) return
    const output = to.output === undefined ? {} : { output: to.output }
    listeners.tell({
      type: 'health.changed',
      name,
      at: clock.wallNow(),
      check,
      from: from.status,
      to: to.status,
      ...output,
    })
  }

  const forget = tellHealth({ report: (kind) => report(kind as HealthKind) })
  return {
    register: (checkName: string, check: CheckFn | Check, checkOptions: CheckOptions = {}) => {
      if (typeof checkName !== 'string' || checkName === '') {
        throw new TypeError(`${OF}: a check needs a name first, got ${show(checkName)}`)
      }
      if (checks.has(checkName)) throw new RangeError(`${OF}: a check called "${checkName}" is registered already`)
      const run = typeof check === 'function' ? check : (check as Partial<Check> | undefined)?.run
      if (typeof run !== 'function') throw new TypeError(`${OF}: the check "${checkName}" must be a function`)
      const rules = rulesOf(checkName, checkOptions)
      if (typeof check !== 'function' && check.dependency && rules.kind === 'liveness') {
        throw new TypeError(
          `${OF}: "${checkName}" looks at a dependency: as liveness it would restart this process for another's fault; use readiness`,
        )
      }
      const checked = new Checked(checkName, run, rules, clock, (from, to) => tell(checkName, from, to))
      checks.set(checkName, checked)
      return () => {
        checked.stop()
        if (checks.get(checkName) === checked) checks.delete(checkName)
      }
    },
    runAll: async (kind) => {
      await Promise.all(of(kind).map((checked) => checked.check()))
      return report(kind)
    },
    report,
    on: (listener) => listeners.add(listener),
    dispose: () => {
      forget()
      for (const checked of checks.values()) checked.stop()
      checks.clear()
      listeners.clear()
    },
  }
}

/** The worst of all; what is not critical can at most warn. */
function statusOf(reports: readonly CheckReport[]): HealthStatus {
  if (reports.some(({ status, critical }) => status === 'fail' && critical)) return 'fail'
  return reports.every(({ status }) => status === 'pass') ? 'pass' : 'warn'
}

function rulesOf(name: string, options: CheckOptions): CheckRules {
  const of = `${OF}: check "${name}"`
  checkKeys(of, options, CHECK_KEYS)
  const timeoutMs = numberOption(of, 'timeoutMs', options.timeoutMs, 5000, { above: 0 })
  const intervalMs = numberOption(of, 'intervalMs', options.intervalMs, 10_000, { above: 0 })
  return {
    kind: oneOf(of, 'kind', options.kind, KINDS, 'readiness'),
    critical: booleanOption(of, 'critical', options.critical, true),
    timeoutMs,
    intervalMs,
    maxAgeMs: numberOption(of, 'maxAgeMs', options.maxAgeMs, 3 * intervalMs + timeoutMs, { above: 0 }),
  }
}
