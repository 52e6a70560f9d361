// A command that must exit with 0, in its time. It is killed with all that it started, also when its worker ends first.

import type { Clock } from '../../clock.ts'
import { runCommand } from '../run-command.ts'
import type { WorkerHandle } from '../worker-handle.ts'
import { NO_ANSWER, type ProbeAnswer } from './answer.ts'

/** Enough for a sentence. */
const MOST_SHOWN = 500
/** The machine has no process or descriptor to give: nothing was learnt of the worker. */
const NONE_TO_GIVE: ReadonlySet<string> = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE'])

export async function askExec(
  worker: WorkerHandle,
  command: readonly string[],
  options: { readonly cwd: string; readonly timeoutMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ProbeAnswer> {
  const { cwd, timeoutMs, clock, signal } = options
  const [file = ''] = command
  const { pid } = worker.process
  const env = { ...process.env, RESIL_APP: worker.app, RESIL_SLOT: String(worker.slot), RESIL_WORKER_PID: String(pid) }
  const { ended, kill } = runCommand({ command, input: '', cwd, env, timeoutMs, clock })
  signal.addEventListener('abort', kill, { once: true })
  const end = await ended
  signal.removeEventListener('abort', kill)
  switch (end.how) {
    case 'not-started':
      return NONE_TO_GIVE.has(end.code) ? NO_ANSWER : { ok: false, detail: `${file}: ${end.code}` }
    case 'late':
      return { ok: false, detail: `${file}: no answer in time` }
    case 'exited': {
      const how = end.signal === null ? `exit code ${end.code}` : `killed by ${end.signal}`
      const words = end.stderr.trim().split('\n')[0]?.slice(0, MOST_SHOWN) ?? ''
      const ok = end.code === 0
      return { ok, detail: `${file}: ${ok || words === '' ? how : `${how}, ${words}`}` }
    }
  }
}
