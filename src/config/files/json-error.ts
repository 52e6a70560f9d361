// Finds where JSON breaks, and says it as a person would: V8 gives no position for half of its messages, and none of its words
// mention what people do most (comments, trailing commas, single quotes).

export interface JsonError {
  readonly line: number
  readonly column: number
  readonly message: string
}

class Stop {
  readonly offset: number
  readonly message: string
  constructor(offset: number, message: string) {
    this.offset = offset
    this.message = message
  }
}

/** Where and why `text` is not JSON; undefined if it is. */
export function findJsonError(text: string): JsonError | undefined {
  try {
    const end = value(text, skipSpace(text, 0))
    const rest = skipSpace(text, end)
    if (rest < text.length) throw new Stop(rest, `unexpected ${charAt(text, rest)} after the end of the document`)
    return undefined
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const before = text.slice(0, error.offset).split('\n')
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message: error.message }
  }
}

function value(text: string, at: number): number {
  const char = text[at]
  if (char === '{') return members(text, at, '}')
  if (char === '[') return members(text, at, ']')
  if (char === '"') return string(text, at)
  const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y
  literal.lastIndex = at
  const match = literal.exec(text)
  if (match !== null) return at + match[0].length
  if (char === "'") throw new Stop(at, 'single quotes: JSON wants "double" ones')
  throw new Stop(at, `expected a value, found ${charAt(text, at)}`)
}

/** What is between the braces of an object or the brackets of a list. */
function members(text: string, open: number, close: '}' | ']'): number {
  let at = skipSpace(text, open + 1)
  if (text[at] === close) return at + 1
  for (;;) {
    if (close === '}') {
      if (text[at] !== '"') throw new Stop(at, `expected a name in double quotes, found ${charAt(text, at)}`)
      at = skipSpace(text, string(text, at))
      if (text[at] !== ':') throw new Stop(at, `expected ":", found ${charAt(text, at)}`)
      at = skipSpace(text, at + 1)
    }
    at = skipSpace(text, value(text, at))
    if (text[at] === close) return at + 1
    if (text[at] !== ',') throw new Stop(at, `expected "," or "${close}", found ${charAt(text, at)}`)
    const comma = at
    at = skipSpace(text, at + 1)
    if (text[at] === close) throw new Stop(comma, 'a trailing comma: JSON allows none')
  }
}

function string(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') return at + 1
    if (char < ' ')
      throw new Stop(at, char === '\n' ? 'a text that does not end on its line' : 'a raw control character')
    if (char !== '\\') continue
    const escaped = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y
    escaped.lastIndex = at
    const match = escaped.exec(text)
    if (match === null) throw new Stop(at, `unknown escape ${JSON.stringify(text.slice(at, at + 2))}`)
    at += match[0].length - 1
  }
  throw new Stop(text.length, 'the file ends within a text')
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at++
  if (text.startsWith('//', at) || text.startsWith('/*', at) || text[at] === '#') {
    throw new Stop(at, 'a comment: JSON allows none (YAML and .mjs do)')
  }
  return at
}

function charAt(text: string, at: number): string {
  return at >= text.length
    ? 'the end of the file'
    : JSON.stringify(String.fromCodePoint(text.codePointAt(at) as number))
}
