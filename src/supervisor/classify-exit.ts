// How a worker ended, and what its slot does next: two tables, kept apart so that each can be read (and tested) as one.

import type { AppSettings } from '../config/settings.ts'
import type { EndCause } from '../events/causes.ts'
import type { ExitKind } from '../events/exit.ts'
import type { WorkerInput } from './inputs.ts'
import type { Stage } from './state/stage.ts'
import { hasServed, type Worker } from './state/worker.ts'

type Exit = Extract<WorkerInput, { type: 'worker.exited' }>

/** What the stage says counts first: an exit that we asked for is planned, however it looks. */
export function classifyExit(worker: Worker, exit: Exit): ExitKind {
  if (exit.forkError !== null) return 'fork-failed'
  const { stage } = worker
  if (stage.status === 'draining' || stage.status === 'killing') {
    if (worker.due?.how === 'end' && !isPlanned(stage)) return END_KIND[worker.due.cause]
    const failedBoot = stage.status === 'killing' && FAILED_BOOT.has(stage.reason)
    return failedBoot ? 'boot-timeout' : 'planned'
  }
  if (exit.signal === 'SIGKILL' && exit.oomKilled) return 'oom'
  if (exit.code === 0) return 'clean'
  if (!hasServed(worker) && stage.status !== 'standby') return 'boot-failure'
  return exit.signal !== null ? 'signal' : 'code'
}

const END_KIND: { readonly [Cause in EndCause]: ExitKind } = {
  hang: 'hang',
  memory: 'memory',
  liveness: 'unhealthy',
  lag: 'unhealthy',
  cpu: 'unhealthy',
  descriptors: 'unhealthy',
}

/** What a person or a rollout asked for counts before what ails it. */
function isPlanned(stage: Extract<Stage, { readonly status: 'draining' | 'killing' }>): boolean {
  const why: string = stage.status === 'draining' ? stage.cause : stage.reason
  return PLANNED.has(why)
}

const FAILED_BOOT: ReadonlySet<string> = new Set(['boot-timeout', 'startup-probe'])

const PLANNED: ReadonlySet<string> = new Set(['stop', 'reload', 'restart', 'scale', 'rollback', 'forced'])

/** Whether an exit is a crash (comes back by the law of backoff), ends the slot by policy, or was planned. */
export function verdictOf(
  kind: ExitKind,
  exit: Pick<Exit, 'code'>,
  restart: AppSettings['restart'],
): 'planned' | 'crash' | 'ended' {
  if (kind === 'planned') return 'planned'
  // There never was a process, so no policy about exits can apply.
  if (kind === 'fork-failed') return 'crash'
  if (exit.code !== null && restart.stopExitCodes.includes(exit.code)) return 'ended'
  switch (restart.policy) {
    case 'always':
      return 'crash'
    case 'on-failure':
      return kind === 'clean' ? 'ended' : 'crash'
    case 'never':
      return 'ended'
  }
}
