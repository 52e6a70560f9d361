// A remembered line as `resil logs` prints it: as it stood in the log, with the time where asked for, or as JSON.

import { choosePaint, GREY } from '../../process/output/colour.ts'
import { prettyLine } from '../../process/output/pretty-line.ts'
import type { LogLine } from '../../protocol/control.ts'

export interface LogLineStyle {
  readonly time: boolean
  readonly json: boolean
  readonly isTty: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Lines with their newline. */
export function logLineRenderer({ time, json, isTty, env }: LogLineStyle): (line: LogLine) => string {
  if (json) return (line) => `${JSON.stringify(line)}\n`
  const paint = choosePaint(isTty, env)
  if (!time) return (line) => prettyLine(line, paint)
  return (line) => `${paint(new Date(line.at).toISOString(), GREY)} ${prettyLine(line, paint)}`
}
