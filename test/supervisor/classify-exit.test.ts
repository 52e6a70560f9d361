import { describe, expect, it } from 'vitest'
import type { RestartPolicy } from '../../src/config/settings.ts'
import type { ExitKind } from '../../src/events/exit.ts'
import { classifyExit, verdictOf } from '../../src/supervisor/classify-exit.ts'
import type { Stage } from '../../src/supervisor/state/stage.ts'
import type { Worker } from '../../src/supervisor/state/worker.ts'
import { appSettings } from '../support/simulation.ts'

const stages: Record<string, Stage> = {
  booting: { status: 'booting', deadline: 1 },
  ready: { status: 'ready', since: 0 },
  draining: { status: 'draining', cause: 'reload', deadline: 1 },
  'killed at boot': { status: 'killing', reason: 'boot-timeout', signal: 'SIGTERM', deadline: 1 },
  'killed by force': { status: 'killing', reason: 'forced', signal: 'SIGKILL', deadline: 1 },
}

const causes = {
  'code 0': { code: 0, signal: null },
  'code 1': { code: 1, signal: null },
  'code 78': { code: 78, signal: null },
  SIGSEGV: { code: null, signal: 'SIGSEGV' },
  SIGKILL: { code: null, signal: 'SIGKILL' },
  'oom kill': { code: null, signal: 'SIGKILL', oomKilled: true },
  'fork EAGAIN': { code: null, signal: null, forkError: 'EAGAIN' },
}

function exitOf(cause: keyof typeof causes) {
  return { type: 'worker.exited' as const, worker: 1, forkError: null, oomKilled: false, ...causes[cause] }
}

describe('classifyExit', () => {
  it.each<[string, keyof typeof causes, ExitKind]>([
    ['booting', 'code 0', 'clean'],
    ['booting', 'code 1', 'boot-failure'],
    ['booting', 'SIGSEGV', 'boot-failure'],
    ['booting', 'oom kill', 'oom'],
    ['booting', 'fork EAGAIN', 'fork-failed'],
    ['ready', 'code 0', 'clean'],
    ['ready', 'code 1', 'code'],
    ['ready', 'SIGSEGV', 'signal'],
    ['ready', 'SIGKILL', 'signal'],
    ['ready', 'oom kill', 'oom'],
    ['draining', 'code 0', 'planned'],
    ['draining', 'SIGSEGV', 'planned'],
    ['killed at boot', 'SIGKILL', 'boot-timeout'],
    ['killed by force', 'SIGKILL', 'planned'],
    ['killed by force', 'oom kill', 'planned'],
  ])('a %s worker that ends by %s: %s', (stage, cause, expected) => {
    const worker = { stage: stages[stage] } as Worker
    expect(classifyExit(worker, exitOf(cause))).toBe(expected)
  })
})

describe('restart policy × cause of exit', () => {
  const matrix: Record<RestartPolicy, Record<keyof typeof causes, 'crash' | 'ended'>> = {
    always: {
      'code 0': 'crash',
      'code 1': 'crash',
      'code 78': 'ended',
      SIGSEGV: 'crash',
      SIGKILL: 'crash',
      'oom kill': 'crash',
      'fork EAGAIN': 'crash',
    },
    'on-failure': {
      'code 0': 'ended',
      'code 1': 'crash',
      'code 78': 'ended',
      SIGSEGV: 'crash',
      SIGKILL: 'crash',
      'oom kill': 'crash',
      'fork EAGAIN': 'crash',
    },
    never: {
      'code 0': 'ended',
      'code 1': 'ended',
      'code 78': 'ended',
      SIGSEGV: 'ended',
      SIGKILL: 'ended',
      'oom kill': 'ended',
      'fork EAGAIN': 'crash',
    },
  }
  const rows = Object.entries(matrix).flatMap(([policy, byCause]) =>
    Object.entries(byCause).map(([cause, verdict]) => [policy, cause, verdict] as const),
  )

  it.each(rows)('%s, %s: %s', (policy, cause, verdict) => {
    const exit = exitOf(cause as keyof typeof causes)
    const kind = classifyExit({ stage: stages.ready } as Worker, exit)
    const { restart } = appSettings({ restart: { policy: policy as RestartPolicy } })
    expect(verdictOf(kind, exit, restart)).toBe(verdict)
  })
})
