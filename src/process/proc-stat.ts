// A line of /proc/PID/stat, proc_pid_stat(5). The name in parentheses may hold spaces and parentheses itself: fields are counted
// behind it, so number n of the manual is at n - 3 here.

/** USER_HZ is 100 on every architecture that Node runs on. */
export const MS_PER_TICK = 10

export interface ProcStat {
  /** R, S, D, T …; '' where the line is none. */
  readonly state: string
  /** null: not told. */
  readonly session: number | null
  /** Of CPU time since it began, user and system; NaN where it isn't told. */
  readonly ticks: number
  /** Since boot, in ticks: with the pid it identifies a process for good. null: not told. */
  readonly startTime: string | null
  /** Resident; NaN where it isn't told. */
  readonly pages: number
}

export function parseProcStat(line: string): ProcStat {
  const end = line.lastIndexOf(')')
  const fields = end === -1 ? [] : line.slice(end + 2).split(' ', 22)
  return {
    state: fields[0] ?? '',
    session: fields[3] === undefined ? null : Number(fields[3]),
    ticks: Number(fields[11]) + Number(fields[12]),
    startTime: fields[19] ?? null,
    pages: Number(fields[21]),
  }
}
