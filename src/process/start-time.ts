// When a process began, in the kernel's ticks since boot: with the pid it identifies a process for good, as pids are used again.

import { readFileSync } from 'node:fs'
import { type ProcStat, parseProcStat } from './proc-stat.ts'

/** null: it has gone, or this is not Linux. */
export function startTimeOf(pid: number): string | null {
  return statOf(pid).startTime
}

/** Whether that very process runs, or is stopped or blocked; one that only waits to be reaped does not. */
export function isAlive({ pid, began }: { readonly pid: number; readonly began: string }): boolean {
  const { state, startTime } = statOf(pid)
  return state !== 'Z' && startTime === began
}

function statOf(pid: number): ProcStat {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return parseProcStat('')
  }
}
