// Whom the kernel takes first when memory runs out: a worker rather than the supervisor, which brings the worker back. Where the
// cgroup is killed as one (memory.oom.group, as Kubernetes sets it) this changes nothing.

import { readFileSync, writeFileSync } from 'node:fs'

/** Half of what there is: a worker of any size goes before an ordinary process, and the order among workers stays. */
const WORKER_ADDS = 500
const MOST = 1_000

/** Raising the score needs no permission. Where it fails (no Linux, a read-only /proc) the kernel decides as ever. */
export function preferForOom(pid: number): void {
  try {
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(MOST, own + WORKER_ADDS)))
  } catch {
    // A wish, not a need.
  }
}
