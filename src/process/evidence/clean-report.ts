// What is kept, and what is told, of a diagnostic report: neither the environment nor arguments, which may hold secrets. Pure.

import type { FatalReport } from '../../events/evidence.ts'

export interface CleanReport {
  readonly text: string
  readonly told: FatalReport
}

/** What Node says for a stack that it could not take: always so where V8's heap is full. */
const NO_FRAME = 'Unavailable.'
const MOST_FRAMES = 10
const LONGEST_FRAME = 300
const FATAL: readonly unknown[] = ['OOMError', 'FatalError']

/** `not-fatal`: a report that the app asked for. `cut-off`: no whole one. */
export function cleanReport(text: string): CleanReport | 'not-fatal' | 'cut-off' {
  const report = objectIn(text)
  if (report === null) return 'cut-off'
  const header = asObject(report.header)
  if (!FATAL.includes(header.trigger)) return 'not-fatal'
  const [program] = Array.isArray(header.commandLine) ? header.commandLine : []
  const { environmentVariables: _, ...kept } = report
  return {
    text: JSON.stringify({ ...kept, header: { ...header, commandLine: program === undefined ? [] : [program] } }),
    told: { ...eventOf(header), ...stackOf(report), ...heapOf(report) },
  }
}

function eventOf({ event }: Record<string, unknown>): Pick<FatalReport, 'event'> {
  return typeof event === 'string' ? { event } : {}
}

function stackOf(report: Record<string, unknown>): Pick<FatalReport, 'stack'> {
  const { stack } = asObject(report.javascriptStack)
  if (!Array.isArray(stack)) return {}
  const frames = stack.filter((frame): frame is string => typeof frame === 'string' && frame !== NO_FRAME)
  return frames.length === 0
    ? {}
    : { stack: frames.slice(0, MOST_FRAMES).map((frame) => frame.slice(0, LONGEST_FRAME)) }
}

function heapOf(report: Record<string, unknown>): Pick<FatalReport, 'heap'> {
  const { usedMemory, memoryLimit } = asObject(report.javascriptHeap)
  if (typeof usedMemory !== 'number' || typeof memoryLimit !== 'number') return {}
  return { heap: { usedBytes: usedMemory, limitBytes: memoryLimit } }
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
