// Lines for machines, one JSON object each. What the app writes as JSON stays its own, with our fields beside it;
// everything else becomes the message of an object.

import type { LogLine } from '../../protocol/control.ts'

/** With its newline. */
export function jsonLine(line: LogLine): string {
  const { text } = line
  const brace = openingBrace(text)
  const own = brace === -1 ? null : parseObject(text)
  if (own === null) {
    const level = line.stream === 'stderr' ? 'error' : 'info'
    return `{"level":"${level}","time":${line.at},${fieldsOf(line).join(',')},"msg":${JSON.stringify(text)}}\n`
  }
  const fields = fieldsBeside(own, line)
  // Spliced in behind the brace: the app's text is neither parsed into ours nor written anew, so numbers beyond 2^53,
  // repeated keys and their order stay as they were.
  const comma = Object.keys(own).length > 0 && fields !== '' ? ',' : ''
  return `${text.slice(0, brace + 1)}${fields}${comma}${text.slice(brace + 1)}\n`
}

/** -1: this can't be an object. Cheap, since most lines are none. */
function openingBrace(text: string): number {
  const first = text.search(/\S/)
  return text[first] === '{' && text.trimEnd().endsWith('}') ? first : -1
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    // It begins with a brace, so what parses is an object.
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}

const FIELDS = ['app', 'slot', 'pid', 'stream'] as const

function fieldsOf(line: LogLine): string[] {
  return FIELDS.map((name) => `"${name}":${JSON.stringify(line[name])}`)
}

/** A name that the app uses for something else keeps the app's value; ours goes into an object of its own. */
function fieldsBeside(own: Record<string, unknown>, line: LogLine): string {
  const beside: string[] = []
  const apart: string[] = []
  for (const name of FIELDS) {
    // pino writes its pid by itself: the same value needs no second place.
    if (own[name] === line[name] && Object.hasOwn(own, name)) continue
    const field = `"${name}":${JSON.stringify(line[name])}`
    if (Object.hasOwn(own, name)) apart.push(field)
    else beside.push(field)
  }
  if (apart.length > 0) beside.push(`"${freeName(own)}":{${apart.join(',')}}`)
  return beside.join(',')
}

function freeName(own: Record<string, unknown>): string {
  let name = 'resil'
  while (Object.hasOwn(own, name)) name += '_'
  return name
}
