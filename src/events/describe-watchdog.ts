// What is said when a worker is found sick from outside, and of the evidence that was taken.

import { assertNever } from '../errors.ts'
import type { Evidence, FatalReport, StackFrame } from './evidence.ts'
import type { WatchdogEvent } from './family/watchdog.ts'
import { count, duration, size, workerName } from './words.ts'

export function describeWatchdog(event: WatchdogEvent): string {
  const who = workerName(event.worker)
  switch (event.type) {
    case 'watchdog.tripped': {
      const { measured, limit, unit, detail } = event
      const numbers =
        unit === 'failures'
          ? `${measured} times in a row`
          : unit === 'descriptors'
            ? `${measured} of ${limit} open`
            : `${amount(measured, unit)}, limit ${amount(limit, unit)}`
      return `${who} ${sicknessOf(event)} (${numbers}${detail === '' ? '' : `; ${detail}`}): ${actionOf(event)}`
    }
    case 'watchdog.calmed':
      return `${who} ${CALMED[event.watchdog]}`
    case 'evidence.taken':
      return `${who}: ${evidenceWords(event.evidence)}`
    default:
      return assertNever(event)
  }
}

const CALMED: Readonly<Record<Extract<WatchdogEvent, { type: 'watchdog.calmed' }>['watchdog'], string>> = {
  memory: 'is below its memory limit again',
  cpu: 'is below its CPU limit again',
  'event-loop': 'has an event loop that keeps up again',
  descriptors: 'has file descriptors to spare again',
  probe: 'passes its probe again',
}

type Tripped = Extract<WatchdogEvent, { type: 'watchdog.tripped' }>

function sicknessOf({ watchdog }: Tripped): string {
  switch (watchdog) {
    case 'memory':
      return 'takes too much memory'
    case 'hang':
      return 'hangs'
    case 'event-loop':
      return 'has a slow event loop'
    case 'cpu':
      return 'takes too much CPU'
    case 'descriptors':
      return 'runs out of file descriptors'
    case 'probe':
      return 'fails its probe'
    default:
      return assertNever(watchdog)
  }
}

function actionOf({ action, watchdog }: Tripped): string {
  switch (action) {
    case 'replace':
      return 'it is replaced'
    case 'kill':
      return 'it is killed, and replaced'
    case 'report':
      // Of readiness worker.rotated says what follows; of liveness the detail says why.
      return watchdog === 'probe' ? 'it is not ended for that' : 'it is left alone'
    default:
      return assertNever(action)
  }
}

/** "512 MiB", "3.2 s", "97 %", "3 failures". */
export function amount(value: number, unit: Tripped['unit']): string {
  switch (unit) {
    case 'bytes':
      return size(value)
    case 'ms':
      return duration(value)
    case 'ratio':
      return `${Math.round(value * 100)} %`
    case 'descriptors':
      return count(value, 'descriptor')
    case 'failures':
      return count(value, 'failure')
    default:
      return assertNever(unit)
  }
}

/** One line; what it is good for lies in the incident. */
export function evidenceWords(evidence: Evidence): string {
  switch (evidence.kind) {
    case 'stack': {
      const [top] = evidence.frames
      return top === undefined ? 'its main thread runs no JavaScript' : `its main thread is in ${frameWords(top)}`
    }
    case 'triage':
      return `no stack, but the kernel says: ${evidence.finding}`
    case 'cpu-profile': {
      const [top] = evidence.top
      const most = top === undefined ? '' : `, ${amount(top.selfRatio, 'ratio')} of it in ${frameWords(top)}`
      return `a CPU profile of ${duration(evidence.durationMs)}${most}, in ${evidence.file}`
    }
    case 'heap-statistics':
      return `heap statistics: ${size(evidence.numbers.used_heap_size ?? 0)} of at most ${size(evidence.numbers.heap_size_limit ?? 0)} in use`
    case 'heap-snapshot':
      return `a heap snapshot (${size(evidence.bytes)}) in ${evidence.file}`
    case 'report':
      return `a diagnostic report${reportWords(evidence)} in ${evidence.file}`
    case 'none':
      return `no evidence: ${evidence.reason}`
    default:
      return assertNever(evidence)
  }
}

function reportWords({ event, heap }: FatalReport): string {
  const words = [
    ...(event === undefined ? [] : [event]),
    ...(heap === undefined ? [] : [`${size(heap.usedBytes)} of heap in use, of at most ${size(heap.limitBytes)}`]),
  ]
  return words.length === 0 ? '' : ` (${words.join('; ')})`
}

/** "parse (/app/server.js:12:7)" */
export function frameWords({ name, file, line, column }: StackFrame): string {
  const what = name === '' ? '(anonymous)' : name
  if (file === null) return what
  const place = [file, line, column].filter((part) => part !== null).join(':')
  return `${what} (${place})`
}
