// resil's own events as JSON lines, through pino. Loaded only where the log's format is JSON: pino costs some 20 ms of start.

import type { PublishedEvent } from '../../events/events.ts'
import { type Severity, severityOf } from '../../events/severity.ts'
import { subjectOf } from '../../events/subject.ts'

export type WriteOwnLine = (event: PublishedEvent, text: string) => void

/** `write` gets each line with its newline. */
export async function createOwnJsonLines(level: Severity, write: (line: string) => void): Promise<WriteOwnLine> {
  const { default: module } = await import('pino')
  const logger = module.pino(
    { level, base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    { write },
  )
  return (event, text) => {
    const { at, seq, ...fields } = event
    const subject = Object.fromEntries(Object.entries(subjectOf(event)).filter(([, value]) => value !== null))
    logger[severityOf(event)]({ time: at, ...subject, stream: 'resil', seq, event: fields }, text)
  }
}
