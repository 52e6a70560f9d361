// The workers of an app as a table: its columns, how many of them fit, and what state looks like. Pure.

import { STANDBY_SLOT } from '../../events/worker-ref.ts'
import { GREY, type Paint, RED, YELLOW } from '../../process/output/colour.ts'
import type { WorkerStatus } from '../../protocol/status.ts'
import { type Cell, columns } from './text.ts'
import { shortDelay, shortDuration, shortNumber, shortPercent, shortSize } from './units.ts'

export interface StatusStyle {
  /** Of the terminal; narrow ones lose columns, never rows. */
  readonly width: number
  readonly paint: Paint
  /** Wall milliseconds. */
  readonly now: number
}

export const GREEN = 32
export const INDENT = '  '

interface Column {
  readonly head: string
  readonly align: 'left' | 'right'
  readonly cell: (worker: WorkerStatus, style: StatusStyle) => Cell
}

const COLUMNS: readonly Column[] = [
  { head: 'SLOT', align: 'right', cell: ({ slot }) => ({ text: slot === STANDBY_SLOT ? '-' : String(slot) }) },
  { head: 'PID', align: 'right', cell: ({ pid }) => ({ text: shortNumber(pid) }) },
  { head: 'STATE', align: 'left', cell: stateCell },
  {
    head: 'UPTIME',
    align: 'right',
    cell: ({ pid, uptimeMs }) => ({ text: shortDuration(pid === null ? null : uptimeMs) }),
  },
  { head: 'RESTARTS', align: 'right', cell: ({ restarts }) => ({ text: String(restarts) }) },
  { head: 'CPU', align: 'right', cell: ({ cpu }) => ({ text: shortPercent(cpu) }) },
  { head: 'MEM', align: 'right', cell: ({ rss }) => ({ text: shortSize(rss) }) },
  { head: 'LAG', align: 'right', cell: ({ eventLoop }) => ({ text: shortDelay(eventLoop.delayP99Ms) }) },
  { head: 'CONN', align: 'right', cell: ({ connections }) => ({ text: shortNumber(connections) }) },
]

/** The first row is the head. Columns go from the right until the rest fits; what tells whether it works stays. */
export function workerTable(workers: readonly WorkerStatus[], style: StatusStyle): string[] {
  const plain = { ...style, paint: (text: string) => text }
  for (let shown = COLUMNS.length; ; shown -= 1) {
    const chosen = COLUMNS.slice(0, shown)
    const align = chosen.map((column) => column.align)
    const layOut = (with_: StatusStyle): string[] => {
      const rows = workers.map((worker) => chosen.map(({ cell }) => cell(worker, with_)))
      return columns([chosen.map(({ head }) => ({ text: head })), ...rows], align).map((line) => INDENT + line)
    }
    const fits = layOut(plain).every((line) => line.length <= style.width)
    if (fits || shown <= 4) return layOut(style)
  }
}

function stateCell(worker: WorkerStatus, { paint }: StatusStyle): Cell {
  const { state, retryInMs } = worker
  // Its app does not count it as ready: nor must who runs an eye down the column.
  if (isOutOfRotation(worker)) return { text: 'out', paint: (text) => paint(text, YELLOW) }
  return {
    text: retryInMs === null ? state : `${state} ${shortDuration(retryInMs)}`,
    paint: (text) => paint(text, colourOfWorker(state)),
  }
}

export function isOutOfRotation({ state, inRotation }: WorkerStatus): boolean {
  return state === 'ready' && !inRotation
}

function colourOfWorker(state: WorkerStatus['state']): number {
  switch (state) {
    case 'ready':
    case 'standby':
      return GREEN
    case 'killing':
    case 'backoff':
      return RED
    case 'empty':
    case 'parked':
      return GREY
    default:
      return YELLOW
  }
}
