import { expect, it } from 'vitest'
import { readLine } from '../../src/cli/typed-line.ts'

it.each([
  ['', ['--help'], []],
  ['help', ['--help'], []],
  ['help reload', ['reload', '--help'], []],
  ['status --json', ['status', '--json'], []],
  ['start app.js -w 4 -- --port 80 -- x', ['start', 'app.js', '-w', '4'], ['--port', '80', '--', 'x']],
  ['start -- x', ['start'], ['x']],
  ['start --', ['start'], []],
  ['logs -- x', ['logs', '--', 'x'], []],
  ['scale -1', ['scale', '--', '-1'], []],
  ['scale -1 --socket x', ['scale', '--socket', 'x', '--', '-1'], []],
  ['scale web=-1', ['scale', 'web=-1'], []],
])('resil %s', (typed, own, app) => {
  expect(readLine(typed === '' ? [] : typed.split(' '))).toEqual({ own, app })
})
