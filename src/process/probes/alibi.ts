// Why a worker may fail its liveness probe without being ill: it stands at a breakpoint, is stopped, is being diagnosed, or the
// machine has no CPU for it. The same reasons for which a silent worker is no hung one (supervisor/watchdogs/hang.ts judges).

import { readFileSync } from 'node:fs'
import type { Clock } from '../../clock.ts'
import { alibiOf, type LivenessAlibi } from '../../supervisor/watchdogs/hang.ts'
import { examine } from '../examine.ts'
import type { WorkerHandle } from '../worker-handle.ts'

const NS_PER_MS = 1e6

/** Before the question; what it returns, after an answer that was none or a bad one. */
export function watchAlibi(worker: WorkerHandle, timeoutMs: number, clock: Clock): () => LivenessAlibi | null {
  const { pid } = worker.process
  const askedAt = clock.now()
  const waitedBefore = waitedForCpuMs(pid)
  return () => {
    const tookMs = clock.now() - askedAt
    const waitedMs = waitedForCpuMs(pid) - waitedBefore
    // Who has answered, badly, had the CPU for it.
    const unanswered = tookMs >= timeoutMs
    return alibiOf({ ...examine(worker.id, worker), at: clock.now() }, unanswered ? waitedMs / tookMs : 0)
  }
}

/** How long its main thread could have run and was not let, since it began. NaN: this kernel does not tell. */
function waitedForCpuMs(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / NS_PER_MS
  } catch {
    return Number.NaN
  }
}
