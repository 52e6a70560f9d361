// The list of live workers on disk, beside the control socket: who they were, should the supervisor be killed together with its
// guard (orphan-guard.ts), or where there is no sh for a guard. The next start reads it (sweep-orphans.ts).
// A line an event, `add pid start-time` or `remove pid`, after a head that says which boot and which pids are meant.

import { appendFileSync, readFileSync, readlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { isAlive, startTimeOf } from './start-time.ts'

export interface ListedWorker {
  readonly pid: number
  /** In the kernel's ticks since boot: with the pid it is one process and no other. */
  readonly began: string
}

export interface WorkerList {
  add(pid: number): void
  remove(pid: number): void
  /** The supervisor ends in order: nothing is left to find, but for orphans that it has not ended yet itself. */
  close(): void
}

/** A crash loop must not grow it without bound. */
const REWRITE_AFTER_LINES = 2_000

/**
 * `inherited`: orphans of an earlier supervisor, which stay on the list until somebody removes them. `onFault`: it can't be written
 * (a full disk); told once, and nothing more is written.
 */
export function openWorkerList(
  path: string,
  inherited: readonly ListedWorker[],
  onFault: (error: NodeJS.ErrnoException) => void,
): WorkerList {
  const listed = new Map(inherited.map(({ pid, began }) => [pid, began]))
  let lines = 0
  let broken = false

  function attempt(write: () => void): void {
    if (broken) return
    try {
      write()
    } catch (error) {
      broken = true
      onFault(error as NodeJS.ErrnoException)
    }
  }

  function append(line: string): void {
    lines += 1
    attempt(() => {
      if (lines === 1 || lines % REWRITE_AFTER_LINES === 0) rewrite()
      else appendFileSync(path, `${line}\n`)
    })
  }

  function rewrite(): void {
    const all = [...listed].map(([pid, began]) => `add ${pid} ${began}\n`)
    writeFileSync(path, `${headOf()}\n${all.join('')}`, { mode: 0o600 })
  }

  return {
    add: (pid) => {
      const began = startTimeOf(pid)
      if (began === null) return
      listed.set(pid, began)
      append(`add ${pid} ${began}`)
    },
    remove: (pid) => {
      if (listed.delete(pid)) append(`remove ${pid}`)
    },
    close: () => {
      if (listed.size > 0) attempt(rewrite)
      else if (lines > 0) attempt(() => unlinkSync(path))
    },
  }
}

/** Workers of the supervisor before this one that live on; none where it ended in order, or where the list is not of this boot. */
export function readWorkerList(path: string): ListedWorker[] {
  const [head, ...lines] = read(path).split('\n')
  if (head !== headOf()) return []
  const listed = new Map<number, string>()
  for (const line of lines) {
    const [what, digits, began] = line.split(' ')
    const pid = Number(digits)
    if (what === 'add' && began !== undefined && Number.isInteger(pid)) listed.set(pid, began)
    if (what === 'remove') listed.delete(pid)
  }
  return [...listed].map(([pid, began]) => ({ pid, began })).filter(isAlive)
}

/** Start times count from the boot, and pids mean something in their own namespace only: a volume may outlive both. */
function headOf(): string {
  let namespace = ''
  try {
    namespace = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Not Linux: then there are no start times either, and the list stays empty.
  }
  return `${read('/proc/sys/kernel/random/boot_id').trim()} ${namespace}`
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
