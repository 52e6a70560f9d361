// What the kernel tells of a worker's main thread: from the texts of /proc, read twice, to one finding. Pure.
// It tells a stopped process and a starved machine from a loop that hangs, and says what it can where no stack is to be had.

import { MS_PER_TICK, parseProcStat } from '../proc-stat.ts'

export type Cause =
  /** Executing: JavaScript or native code, which only a stack tells apart. */
  | 'on-cpu'
  /** It could run, and gets (almost) no CPU time. */
  | 'starved'
  | 'lock'
  /** Waits for other threads of its own process, which compute: V8's garbage collector, as a rule. */
  | 'own-threads'
  | 'child'
  | 'disk'
  | 'system-call'
  /** Waits for events, as a healthy loop does that has nothing to do. */
  | 'idle'
  | 'stopped'
  | 'traced'
  | 'gone'
  | 'unknown'

export interface Triage {
  readonly cause: Cause
  /** The kernel's letter: R, S, D, T, t, Z; "?" where /proc can't be read. */
  readonly state: string
  /** The kernel function that it sleeps in, where that is told. */
  readonly waitsIn: string | null
  /** A clause for people, such as "waits for a child process: pid 123 (sleep 60)". */
  readonly finding: string
}

/** The texts of /proc/PID/task/PID; empty where unreadable. */
export interface ThreadTexts {
  readonly stat: string
  readonly schedstat: string
  /** Of the whole process. */
  readonly processStat: string
}

export interface ProcTexts {
  readonly before: ThreadTexts
  readonly after: ThreadTexts & {
    readonly status: string
    readonly wchan: string
    readonly syscall: string
    /** What its main thread started and has not reaped yet. */
    readonly children: readonly { readonly pid: number; readonly command: string; readonly state: string }[]
  }
  /** Between the two. */
  readonly elapsedMs: number
  /** Whether its event loop turns; null: not known. A sleeping loop with a child is idle if it turns, and in spawnSync if not. */
  readonly loopTurns: boolean | null
}

const NS_PER_MS = 1e6
/** Of the time, below which a runnable thread counts as starved. A hog's fair share among four on two cores is a half. */
const STARVED_BELOW = 0.1
/** Of the time, from which a process's other threads count as busy. On a machine with too much to do they get no more. */
const BUSY_FROM = 0.2
const LONGEST_COMMAND = 60

export function triage(texts: ProcTexts): Triage {
  const { after } = texts
  const state = parseProcStat(after.stat).state
  const waitsIn = waitingPlace(after.wchan)
  const is = (cause: Cause, finding: string): Triage => ({ cause, state: state || '?', waitsIn, finding })

  const tracer = Number(/^TracerPid:\s*(\d+)/m.exec(after.status)?.[1] ?? 0)
  switch (state) {
    case '':
      return is('gone', 'has ended, or /proc does not show it')
    case 'Z':
    case 'X':
    case 'x':
      return is('gone', 'has ended')
    case 't':
      return is('traced', tracer > 0 ? `held by a debugger, pid ${tracer}` : 'held by a debugger')
    case 'T':
      return is('stopped', 'stopped by a signal (SIGSTOP or SIGTSTP): SIGCONT lets it go on')
    case 'D':
      return is('disk', `waits for a disk, or for storage on a network${inside(waitsIn)}`)
    case 'R':
      return running(texts, is, tracer)
    default:
      // Seen between two pieces of work, such as a garbage collector that waits for its threads for a moment.
      return shareOfCpu(texts) > 0.5 ? onCpu(is, tracer) : sleeping(texts, is, tracer)
  }
}

type Is = (cause: Cause, finding: string) => Triage

function onCpu(is: Is, tracer: number): Triage {
  return is('on-cpu', `on a CPU, in native code or JavaScript${tracedBy(tracer)}`)
}

/** 0 where it isn't told. */
function shareOfCpu({ before, after, elapsedMs }: ProcTexts): number {
  return (cpuMs(before, after) ?? 0) / elapsedMs
}

function running({ before, after, elapsedMs }: ProcTexts, is: Is, tracer: number): Triage {
  const ranMs = cpuMs(before, after)
  if (parseProcStat(before.stat).state === 'R' && ranMs !== null && ranMs < elapsedMs * STARVED_BELOW) {
    return is(
      'starved',
      `starved: it could run, and got ${Math.round(ranMs)} ms of CPU in ${Math.round(elapsedMs)} ms; the machine, or its CPU quota, has no more to give`,
    )
  }
  return onCpu(is, tracer)
}

function sleeping({ before, after, elapsedMs, loopTurns }: ProcTexts, is: Is, tracer: number): Triage {
  const place = waitingPlace(after.wchan)
  const children = after.children.filter(({ state }) => state !== 'Z')
  const named = children.map(({ pid, command }) => `pid ${pid} (${shortened(command)})`).join(', ')
  if (waitsForEvents(after)) {
    if (loopTurns === false && children.length > 0) {
      return is('child', `waits for ${children.length === 1 ? 'a child process' : 'child processes'}: ${named}`)
    }
    return is('idle', `waits for events${tracedBy(tracer)}`)
  }
  if (/futex/.test(after.wchan) || syscallIs(after.syscall, FUTEX)) {
    if (ranByOthersMs(before, after) > elapsedMs * BUSY_FROM) {
      return is(
        'own-threads',
        `waits for its own threads, which compute: the garbage collector, as a rule${tracedBy(tracer)}`,
      )
    }
    return is('lock', `waits for a lock, or for another thread (Atomics.wait)${tracedBy(tracer)}`)
  }
  if (place !== null) return is('system-call', `waits in a system call${inside(place)}${tracedBy(tracer)}`)
  return is('unknown', `sleeps; where, this kernel does not tell${tracedBy(tracer)}`)
}

const EPOLL = ['232', '281', '441', '22']
const FUTEX = ['202', '98']

/** By the kernel's function; where that is hidden, by the number of the system call (x86-64, arm64). */
function waitsForEvents({ wchan, syscall }: ProcTexts['after']): boolean {
  return /ep_?poll|epoll/.test(wchan) || (waitingPlace(wchan) === null && syscallIs(syscall, EPOLL))
}

function syscallIs(syscall: string, numbers: readonly string[]): boolean {
  return numbers.includes(syscall.split(' ', 1)[0] ?? '')
}

/** Milliseconds of CPU between the two looks; null where it isn't told. */
function cpuMs(before: ThreadTexts, after: ThreadTexts): number | null {
  const precise = difference(ranNs(before.schedstat), ranNs(after.schedstat))
  if (precise !== null) return precise / NS_PER_MS
  const ticks = difference(ticksOf(before.stat), ticksOf(after.stat))
  // A tick is seen when it is over: whoever ran less than one shows none.
  return ticks === null ? null : (ticks + 1) * MS_PER_TICK
}

function ranByOthersMs(before: ThreadTexts, after: ThreadTexts): number {
  const all = difference(ticksOf(before.processStat), ticksOf(after.processStat)) ?? 0
  const main = difference(ticksOf(before.stat), ticksOf(after.stat)) ?? 0
  return (all - main) * MS_PER_TICK
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before
}

function ranNs(schedstat: string): number | null {
  const first = schedstat.trim().split(' ', 1)[0] ?? ''
  return /^\d+$/.test(first) ? Number(first) : null
}

function ticksOf(stat: string): number | null {
  const { ticks } = parseProcStat(stat)
  return Number.isNaN(ticks) ? null : ticks
}

function waitingPlace(wchan: string): string | null {
  const place = wchan.trim()
  return place === '' || place === '0' ? null : place
}

function inside(place: string | null): string {
  return place === null ? '' : ` (${place})`
}

function tracedBy(tracer: number): string {
  return tracer > 0 ? `; pid ${tracer} traces it` : ''
}

function shortened(command: string): string {
  return command.length > LONGEST_COMMAND ? `${command.slice(0, LONGEST_COMMAND - 1)}…` : command
}
