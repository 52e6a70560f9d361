// Lines for people: "web:0 | text", and "resil | warning: text" for resil's own.

import type { Severity } from '../../events/severity.ts'
import { slotName } from '../../events/words.ts'
import type { LogLine } from '../../protocol/control.ts'
import { colourOf, GREY, type Paint, paintNothing, RED, YELLOW } from './colour.ts'

/** With its newline. The app's own text is not touched, colours included. */
export function prettyLine(line: LogLine, paint: Paint): string {
  if (line.app === null || line.stream === 'resil') return prettyOwnLine(line.text, 'info', paint)
  const prefix = slotName(line.app, line.slot)
  // The commonest case by far: a log that no terminal shows.
  if (paint === paintNothing) return `${prefix} | ${line.text}\n`
  return `${paint(`${prefix} |`, colourOf(line.app, line.slot ?? 0))} ${line.text}\n`
}

/** One of resil's own lines, with its newline. */
export function prettyOwnLine(text: string, severity: Severity, paint: Paint): string {
  return `${paint('resil |', GREY)} ${mark(severity, paint)}${text}\n`
}

function mark(severity: Severity, paint: Paint): string {
  switch (severity) {
    case 'debug':
      return paint('debug: ', GREY)
    case 'info':
      return ''
    case 'warn':
      return paint('warning: ', YELLOW)
    case 'error':
      return paint('error: ', RED)
  }
}
