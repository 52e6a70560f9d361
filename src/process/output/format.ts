// How the log's lines look in each destination, and which of the supervisor's streams they go to.
//
// pretty: the app's stdout and stderr stay apart, and resil's own lines go to stderr, so that `resil start > out.log`
// keeps the app's work. json: everything goes to stdout, as collectors read one stream in order.

import type { LogSettings } from '../../config/settings.ts'
import type { PublishedEvent } from '../../events/events.ts'
import { type Severity, severityOf } from '../../events/severity.ts'
import type { LogLine } from '../../protocol/control.ts'
import { choosePaint, paintNothing } from './colour.ts'
import { jsonLine } from './json-line.ts'
import { createOwnJsonLines } from './own-lines.ts'
import { prettyLine, prettyOwnLine } from './pretty-line.ts'

/** Already formatted, with its newline. */
export interface Destinations {
  stdout(line: string, urgent: boolean): void
  stderr(line: string, urgent: boolean): void
  /** null: there is no log file. */
  readonly file: ((line: string, urgent: boolean) => void) | null
}

export interface Format {
  /** What a worker wrote. */
  line(line: LogLine): void
  /** What resil has to say. */
  own(event: PublishedEvent, text: string): void
}

export interface FormatOptions {
  readonly settings: LogSettings
  readonly to: Destinations
  readonly isTty: { readonly stdout: boolean; readonly stderr: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
}

export async function createFormat(options: FormatOptions): Promise<Format> {
  return options.settings.format === 'json' ? createJsonFormat(options) : createPrettyFormat(options)
}

async function createJsonFormat({ settings, to }: FormatOptions): Promise<Format> {
  const write = (line: string, urgent: boolean) => {
    to.stdout(line, urgent)
    to.file?.(line, urgent)
  }
  const level: Severity = settings.level === 'silent' ? 'error' : settings.level
  return {
    line: (line) => write(jsonLine(line), false),
    own: await createOwnJsonLines(level, (line) => write(line, true)),
  }
}

function createPrettyFormat({ to, isTty, env }: FormatOptions): Format {
  const { file } = to
  const paint = { stdout: choosePaint(isTty.stdout, env), stderr: choosePaint(isTty.stderr, env) }
  const stamp = createStamp()
  return {
    line(line) {
      if (line.stream === 'stdout') to.stdout(prettyLine(line, paint.stdout), false)
      else to.stderr(prettyLine(line, paint.stderr), line.stream === 'resil')
      file?.(`${stamp(line.at)} ${prettyLine(line, paintNothing)}`, false)
    },
    own(event, text) {
      const severity = severityOf(event)
      to.stderr(prettyOwnLine(text, severity, paint.stderr), true)
      file?.(`${stamp(event.at)} ${prettyOwnLine(text, severity, paintNothing)}`, true)
    },
  }
}

/** A file has nobody beside it who stamps its lines, as journald, Docker and a person at a terminal do. */
function createStamp(): (at: number) => string {
  let lastAt = Number.NaN
  let stamp = ''
  return (at) => {
    if (at !== lastAt) {
      lastAt = at
      stamp = new Date(at).toISOString()
    }
    return stamp
  }
}
