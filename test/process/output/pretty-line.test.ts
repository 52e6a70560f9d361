import { expect, test } from 'vitest'
import { choosePaint, colourOf, paintAnsi, paintNothing } from '../../../src/process/output/colour.ts'
import { prettyLine, prettyOwnLine } from '../../../src/process/output/pretty-line.ts'
import type { LogLine } from '../../../src/protocol/control.ts'

const line: LogLine = { at: 0, app: 'web', slot: 0, pid: 1, stream: 'stdout', text: 'hello' }

test('a line is prefixed with its app and slot', () => {
  expect(prettyLine(line, paintNothing)).toBe('web:0 | hello\n')
})

test('a line of resil itself says so', () => {
  expect(prettyLine({ ...line, app: null, slot: null, stream: 'resil' }, paintNothing)).toBe('resil | hello\n')
  expect(prettyLine({ ...line, stream: 'resil' }, paintNothing)).toBe('resil | hello\n')
})

test.each([
  ['debug', 'resil | debug: it happened\n'],
  ['info', 'resil | it happened\n'],
  ['warn', 'resil | warning: it happened\n'],
  ['error', 'resil | error: it happened\n'],
] as const)(
  'an event of severity %s is marked with a word, which survives where colours do not',
  (severity, expected) => {
    expect(prettyOwnLine('it happened', severity, paintNothing)).toBe(expected)
  },
)

test('only the prefix is coloured, never the text of the app', () => {
  const colour = colourOf('web', 0)
  expect(prettyLine(line, paintAnsi)).toBe(`\u001b[${colour}mweb:0 |\u001b[39m hello\n`)
  expect(prettyOwnLine('down', 'error', paintAnsi)).toBe(
    '\u001b[90mresil |\u001b[39m \u001b[31merror: \u001b[39mdown\n',
  )
})

test('neighbouring slots differ in colour, and a slot keeps its own', () => {
  const colours = [0, 1, 2, 3].map((slot) => colourOf('web', slot))
  expect(new Set(colours).size).toBe(4)
  expect(colourOf('web', 2)).toBe(colours[2])
})

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: 'false' }, false],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('terminal %s with %j: coloured %s', (isTty, env, coloured) => {
  expect(choosePaint(isTty, env)).toBe(coloured ? paintAnsi : paintNothing)
})
