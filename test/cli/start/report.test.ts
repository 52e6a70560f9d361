import { fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openReport } from '../../../src/cli/start/report.ts'
import { ResilError } from '../../../src/errors.ts'
import { tempDir } from '../../support/temp-dir.ts'

it('writes a line each, errors with their code and details', () => {
  const file = join(tempDir(), 'report')
  const report = openReport(openSync(file, 'w'))
  report.say({ type: 'event', event: { type: 'app.stopped', app: 'web', at: 1, seq: 1 } })
  report.fail(new ResilError('RESIL_CONFIG', 'wrong', { details: ['  here'] }))
  report.fail(new TypeError('a bug'))
  expect(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { type: 'event', event: { type: 'app.stopped', app: 'web', at: 1, seq: 1 } },
    { type: 'failed', code: 'RESIL_CONFIG', message: 'wrong', details: ['  here'] },
    { type: 'failed', code: 'RESIL_INTERNAL', message: 'a bug', details: [] },
  ])
})

it('falls silent when nobody listens any more, and gives the descriptor back', () => {
  const readOnly = openSync('/dev/null', 'r')
  const report = openReport(readOnly)
  report.say({ type: 'event', event: { type: 'app.stopped', app: 'web', at: 1, seq: 1 } })
  report.fail(new Error('not heard'))
  expect(() => fstatSync(readOnly)).toThrow('EBADF')
})
