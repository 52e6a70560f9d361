// What follows when a watchdog has found something: it is told once, and the worker is marked as due, to end, or left alone. How it
// is replaced then is ../replace-workers.ts.

import type {
  CpuLimit,
  DescriptorLimits,
  EventLoopLimits,
  HangLimits,
  MemoryLimits,
  WatchdogAction,
} from '../../config/settings.ts'
import type { Alibi } from '../../events/alibi-words.ts'
import type { EndCause, ReplaceCause } from '../../events/causes.ts'
import type { ResilEvent } from '../../events/events.ts'
import { markDue, markEnding } from '../due.ts'
import type { Slot } from '../state/slot.ts'
import { refOf, type Worker } from '../state/worker.ts'
import type { Turn } from '../turn.ts'
import { actionFor, type DescriptorCount, type DescriptorVerdict } from './descriptors.ts'
import type { EventLoopVerdict } from './event-loop.ts'
import type { MemoryVerdict } from './memory.ts'
import { limitsReached, type Vitals } from './vitals.ts'

type Tripped = Extract<ResilEvent, { type: 'watchdog.tripped' }>

/** Replacements of a slot in a row that did not last: then a limit that nobody wrote does not fit the app. */
const USELESS_AFTER = 3

/** What its watchdogs had told and is no more. */
export function tellCalmed(turn: Turn, before: Vitals, worker: Worker): void {
  const now = limitsReached(worker.vitals)
  for (const watchdog of limitsReached(before))
    if (!now.includes(watchdog)) turn.emit({ type: 'watchdog.calmed', worker: refOf(worker), watchdog })
}

export function tripMemory(
  turn: Turn,
  slot: Slot,
  worker: Worker,
  rssBytes: number,
  verdict: MemoryVerdict,
  limits: MemoryLimits,
): void {
  // Limits made of the container's may be too small for what the app simply needs: new workers reach them as soon as the old did.
  const useless = limits.sharedBytes !== null && slot.replaceDebt + slot.debt >= USELESS_AFTER
  const action = useless ? 'report' : limits.action
  const detail = useless
    ? 'new workers reach it as soon: give the container more memory, start fewer workers, or set watchdogs.memory'
    : memoryDetail(verdict, limits.sustainMs)
  tell(turn, worker, {
    watchdog: 'memory',
    action,
    measured: rssBytes,
    limit: verdict.limitBytes,
    unit: 'bytes',
    detail,
  })
  if (verdict.limit === 'hard') act(turn, slot, worker, action, 'end', 'memory')
  // `kill` is for the limit that can't wait.
  else act(turn, slot, worker, action === 'kill' ? 'replace' : action, 'due', 'memory')
}

function memoryDetail({ limit, inMs }: MemoryVerdict, sustainMs: number): string {
  switch (limit) {
    case 'hard':
      return 'watchdogs.memory.hard'
    case 'soft':
      return `watchdogs.memory.soft, for ${seconds(sustainMs)}`
    case 'growth':
      return `it grows steadily and will be there in ${seconds(inMs ?? 0)}`
  }
}

export function tripCpu(turn: Turn, slot: Slot, worker: Worker, share: number, limit: CpuLimit): void {
  const { action, sustainMs } = limit
  const measured = Math.round(share * 100) / 100
  const detail = `of one core, for ${seconds(sustainMs)}`
  tell(turn, worker, { watchdog: 'cpu', action, measured, limit: limit.share, unit: 'ratio', detail })
  act(turn, slot, worker, action, 'due', 'cpu')
}

export function tripDescriptors(
  turn: Turn,
  slot: Slot,
  worker: Worker,
  count: DescriptorCount,
  limits: DescriptorLimits,
): void {
  const useless = slot.replaceDebt + slot.debt >= USELESS_AFTER
  const verdict = actionFor(limits.action, count.open, worker.vitals.connections, useless)
  tell(turn, worker, {
    watchdog: 'descriptors',
    action: verdict.action,
    measured: count.open,
    limit: count.limit,
    unit: 'descriptors',
    detail: descriptorDetail(verdict, count, worker.vitals.connections, limits.sustainMs),
  })
  act(turn, slot, worker, verdict.action, 'due', 'descriptors')
}

function descriptorDetail(
  { because }: DescriptorVerdict,
  { missed, mostly }: DescriptorCount,
  connections: number,
  sustainMs: number,
): string {
  const parts = [
    missed > 0 ? `${missed} connection${missed === 1 ? '' : 's'} did not reach it` : `for ${seconds(sustainMs)}`,
    ...(mostly === null ? [] : [mostly]),
    ...(because === 'connections'
      ? [`${connections} are its clients' connections, a new worker would have as many`]
      : []),
    ...(because === 'useless' ? ['new workers reach it as soon'] : []),
  ]
  return parts.join('; ')
}

export function tripEventLoop(
  turn: Turn,
  slot: Slot,
  worker: Worker,
  { of, measured, limit }: EventLoopVerdict,
  { action, sustainMs }: EventLoopLimits,
): void {
  const rounded = of === 'delay' ? Math.round(measured) : Math.round(measured * 100) / 100
  const unit = of === 'delay' ? 'ms' : 'ratio'
  tell(turn, worker, {
    watchdog: 'event-loop',
    action,
    measured: rounded,
    limit,
    unit,
    detail: `${of === 'delay' ? 'p99 of the delay' : 'utilization'}, for ${seconds(sustainMs)}`,
  })
  act(turn, slot, worker, action, 'due', 'lag')
}

export function tripHang(
  turn: Turn,
  worker: Worker,
  silentMs: number,
  action: WatchdogAction,
  { replaceAfterMs }: HangLimits,
  detail: string,
  spared: Alibi | undefined,
): void {
  tell(turn, worker, {
    watchdog: 'hang',
    action,
    measured: silentMs,
    limit: replaceAfterMs,
    unit: 'ms',
    detail,
    ...(spared !== undefined && { spared }),
  })
}

function tell(turn: Turn, worker: Worker, what: Omit<Tripped, 'type' | 'worker' | 'evidence'>): void {
  turn.emit({ type: 'watchdog.tripped', worker: refOf(worker), ...what })
}

function act(
  turn: Turn,
  slot: Slot,
  worker: Worker,
  action: WatchdogAction,
  how: 'due' | 'end',
  cause: ReplaceCause & EndCause,
): void {
  switch (action) {
    case 'report':
      return
    case 'kill':
      return markEnding(turn, slot, worker, cause, 'now')
    case 'replace':
      return how === 'end' ? markEnding(turn, slot, worker, cause) : markDue(turn, slot, worker, cause)
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`
}
