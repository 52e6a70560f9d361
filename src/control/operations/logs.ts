// The stream of log lines: what is remembered, then, with `follow`, what comes. A slow reader loses lines, never the app:
// they are counted and told. Patterns are the client's affair: one bad regular expression here would hang the supervisor.

import type { LogLine, ParamsOf, ResultOf } from '../../protocol/control.ts'
import type { Call } from '../operations.ts'
import { findApp } from './target.ts'
import { untilAborted } from './until-aborted.ts'

export async function streamLogs(call: Call<'logs'>): Promise<ResultOf<'logs'>> {
  const { port, params, sink, signal } = call
  if (params.app !== undefined) findApp(port, params.app)
  const wanted = (line: LogLine): boolean => isWanted(line, params)
  const remembered = port.logs.recent().filter(wanted)
  const last = params.lines === undefined ? remembered : params.lines === 0 ? [] : remembered.slice(-params.lines)
  // Subscribed before the first wait, so that nothing falls between what was and what comes.
  const live = params.follow ? followLogs(call, wanted) : null
  for (const line of last) {
    sink.emit(line)
    if (sink.full()) await sink.drained()
    if (signal.aborted) break
  }
  live?.begin()
  if (live !== null) await untilAborted(signal)
  return { dropped: live?.close() ?? 0 }
}

function followLogs({ port, sink }: Call<'logs'>, wanted: (line: LogLine) => boolean) {
  let waiting: LogLine[] | null = []
  let dropped = 0
  let untold = 0

  function pass(line: LogLine): void {
    if (sink.full()) {
      dropped += 1
      untold += 1
      return
    }
    if (untold > 0) sink.emit({ ...ownLine(line.at), text: `${untold} lines are missing here: read too slowly` })
    untold = 0
    sink.emit(line)
  }

  const subscription = port.logs.subscribe((line) => {
    if (!wanted(line)) return
    if (waiting === null) pass(line)
    else if (waiting.length < MAX_WAITING_LINES) waiting.push(line)
    else {
      dropped += 1
      untold += 1
    }
  })

  return {
    /** What was remembered is out. */
    begin: (): void => {
      const lines = waiting ?? []
      waiting = null
      for (const line of lines) pass(line)
    },
    close: (): number => {
      subscription.close()
      return dropped
    },
  }
}

/** While remembered lines go out to a slow reader. */
const MAX_WAITING_LINES = 1_000

function ownLine(at: number): Omit<LogLine, 'text'> {
  return { at, app: null, slot: null, pid: null, stream: 'resil' }
}

function isWanted(line: LogLine, { app, since, grep }: ParamsOf<'logs'>): boolean {
  if (app !== undefined && line.app !== app) return false
  if (since !== undefined && line.at < since) return false
  return grep === undefined || line.text.includes(grep)
}
