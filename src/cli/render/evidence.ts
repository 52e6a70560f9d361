// Evidence as a person reads it: a stack with the app's own frames standing out, a table of functions, the heap in numbers. Pure.

import { evidenceWords } from '../../events/describe-watchdog.ts'
import type { Evidence, StackFrame } from '../../events/evidence.ts'
import { duration, size, slotName } from '../../events/words.ts'
import { GREY, type Paint } from '../../process/output/colour.ts'
import type { DiagnoseResult } from '../../protocol/control.ts'
import { columns } from './text.ts'
import { shortPercent } from './units.ts'

export interface EvidenceStyle {
  readonly paint: Paint
}

const INDENT = '  '
const SHOWN_FUNCTIONS = 10

export function renderEvidence({ app, slot, pid, evidence }: DiagnoseResult, { paint }: EvidenceStyle): string {
  const who = `${slotName(app, slot)} (pid ${pid})`
  const lines = linesOf(evidence, paint)
  const first = evidence.kind === 'triage' ? `${who} ${findingWords(evidence.finding)}` : `${who}: ${headOf(evidence)}`
  return [first, ...lines].map((line) => `${line}\n`).join('')
}

function headOf(evidence: Evidence): string {
  switch (evidence.kind) {
    case 'stack':
      return evidence.frames.length === 0
        ? evidenceWords(evidence)
        : `stood here (${duration(evidence.tookMs)} to find out)`
    case 'cpu-profile':
      return `CPU profile of ${duration(evidence.durationMs)}`
    case 'heap-statistics': {
      const { used_heap_size: used = 0, heap_size_limit: limit = 0 } = evidence.numbers
      return `${size(used)} of heap in use, of at most ${size(limit)} (${shortPercent((100 * used) / (limit || 1))})`
    }
    default:
      return evidenceWords(evidence)
  }
}

function linesOf(evidence: Evidence, paint: Paint): string[] {
  switch (evidence.kind) {
    case 'stack':
      return evidence.frames.map((frame) => INDENT + frameLine(frame, paint))
    case 'cpu-profile':
      return [
        ...functionTable(evidence, paint),
        ...idleLines(evidence),
        `written to ${evidence.file}`,
        'open it in Chrome DevTools (chrome://inspect, Performance), or with an editor that knows .cpuprofile',
      ]
    case 'heap-snapshot':
      return ['open it in Chrome DevTools (Memory, Load); two of them, some time apart, show what grows']
    case 'heap-statistics':
      return heapTable(evidence)
    default:
      return []
  }
}

/** node:internal frames step back. */
function frameLine(frame: StackFrame, paint: Paint): string {
  const text = `at ${frame.name || '(anonymous)'}${placeOf(frame, ' (', ')')}`
  return isOfNode(frame) ? paint(text, GREY) : text
}

function functionTable({ top }: Extract<Evidence, { kind: 'cpu-profile' }>, paint: Paint): string[] {
  const rows = top
    .slice(0, SHOWN_FUNCTIONS)
    .map((fn) => [
      { text: shortPercent(fn.selfRatio * 100) },
      { text: fn.name || '(anonymous)', ...(isOfNode(fn) && { paint: (text: string) => paint(text, GREY) }) },
      { text: placeOf(fn, '', '') },
    ])
  const head = [{ text: 'SELF' }, { text: 'FUNCTION' }, { text: 'WHERE' }]
  return columns([head, ...rows], ['right', 'left', 'left']).map((line) => INDENT + line.trimEnd())
}

/** Idle time is nobody's; a table of small shares alone looks like a mistake. */
function idleLines({ top }: Extract<Evidence, { kind: 'cpu-profile' }>): string[] {
  const shown = top.reduce((sum, { selfRatio }) => sum + selfRatio, 0)
  return shown < 0.5
    ? [`${INDENT}the rest of the time it waited for work, or was in functions that each took less`]
    : []
}

function heapTable({ numbers, spaces = {} }: Extract<Evidence, { kind: 'heap-statistics' }>): string[] {
  const parts = Object.entries(spaces)
    .filter(([, bytes]) => bytes > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, bytes]) => [{ text: name }, { text: size(bytes) }])
  const outside = [
    ['external memory (buffers)', numbers.external_memory],
    ['malloc', numbers.malloced_memory],
  ].flatMap(([name, bytes]) => (typeof bytes === 'number' ? [[{ text: String(name) }, { text: size(bytes) }]] : []))
  return columns([...parts, ...outside], ['left', 'right']).map((line) => INDENT + line)
}

function isOfNode({ file }: StackFrame): boolean {
  return file === null || file.startsWith('node:')
}

function placeOf({ file, line, column }: StackFrame, before: string, after: string): string {
  if (file === null) return ''
  return `${before}${[file, line, column].filter((part) => part !== null).join(':')}${after}`
}

/** A finding is a clause: "waits for …" after the name, "on a CPU" and "stopped …" with a verb. */
function findingWords(finding: string): string {
  return /^(waits|sleeps|has) /.test(finding) ? finding : `is ${finding}`
}
