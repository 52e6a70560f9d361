// What the watchdogs remember of one worker: plain numbers, bounded, part of its record.

import { type EventLoopWatch, freshEventLoop } from './event-loop.ts'
import { freshMemory, type MemoryWatch } from './memory.ts'
import { calm, type Sustained, shiftSustained } from './sustained.ts'

export interface Vitals {
  /** When its agent was last heard of; null: not yet. */
  readonly beatAt: number | null
  /** Since when silence counts: from its readiness on. */
  readonly watchedFrom: number
  readonly memory: MemoryWatch
  readonly cpu: Sustained
  readonly eventLoop: EventLoopWatch
  readonly descriptors: Sustained
  /** Of its clients, at the last beat. */
  readonly connections: number
}

export const freshVitals: Vitals = {
  beatAt: null,
  watchedFrom: 0,
  memory: freshMemory,
  cpu: calm,
  eventLoop: freshEventLoop,
  descriptors: calm,
  connections: 0,
}

export type LimitReached = 'memory' | 'cpu' | 'event-loop' | 'descriptors'

/** Limits that it is over now; for the status. */
export function limitsReached({ memory, cpu, eventLoop, descriptors }: Vitals): LimitReached[] {
  const reached: LimitReached[] = []
  if (memory.soft.tripped || memory.hard.tripped || memory.growth.tripped) reached.push('memory')
  if (cpu.tripped) reached.push('cpu')
  if (eventLoop.delay.tripped || eventLoop.utilization.tripped) reached.push('event-loop')
  if (descriptors.tripped) reached.push('descriptors')
  return reached
}

/** The supervisor did not look for so long: nothing of that time is held against the worker. */
export function shiftVitals(vitals: Vitals, lateMs: number): Vitals {
  const { beatAt, watchedFrom, memory, cpu, eventLoop, descriptors } = vitals
  return {
    ...vitals,
    beatAt: beatAt === null ? null : beatAt + lateMs,
    watchedFrom: watchedFrom + lateMs,
    memory: {
      soft: shiftSustained(memory.soft, lateMs),
      hard: shiftSustained(memory.hard, lateMs),
      growth: shiftSustained(memory.growth, lateMs),
      trend: [],
    },
    cpu: shiftSustained(cpu, lateMs),
    descriptors: shiftSustained(descriptors, lateMs),
    eventLoop: {
      delay: shiftSustained(eventLoop.delay, lateMs),
      utilization: shiftSustained(eventLoop.utilization, lateMs),
    },
  }
}
