import { expect, it } from 'vitest'
import { logLineRenderer } from '../../../src/cli/render/log-line.ts'
import { colourOf, GREY, paintAnsi } from '../../../src/process/output/colour.ts'
import { logLine } from '../../support/fake-port.ts'

const line = logLine({ at: Date.parse('2026-01-31T12:00:00.250Z'), text: 'hello' })
const style = { time: false, json: false, isTty: false, env: {} }

it.each([
  ['as in the log', style, 'web:0 | hello\n'],
  ['with its time', { ...style, time: true }, '2026-01-31T12:00:00.250Z web:0 | hello\n'],
  [
    'in colour on a terminal',
    { ...style, isTty: true, time: true },
    `${paintAnsi('2026-01-31T12:00:00.250Z', GREY)} ${paintAnsi('web:0 |', colourOf('web', 0))} hello\n`,
  ],
  ['without colour where it is not wanted', { ...style, isTty: true, env: { NO_COLOR: '1' } }, 'web:0 | hello\n'],
  [
    'as JSON',
    { ...style, json: true, isTty: true },
    `{"at":${line.at},"app":"web","slot":0,"pid":4121,"stream":"stdout","text":"hello"}\n`,
  ],
])('a line %s', (_, given, expected) => {
  expect(logLineRenderer(given)(line)).toBe(expected)
})
