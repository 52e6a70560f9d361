// Mistakes on the command line: one line with the fix, exit code 64, no stack. And what help shows.

import { describe, expect, it } from 'vitest'
import { failureOf } from '../../src/cli/failure.ts'
import { ResilError } from '../../src/errors.ts'
import { EXIT_CODE_TABLE } from '../../src/exit-codes.ts'
import { runInProcess } from '../support/cli-context.ts'

const COMMANDS = ['start', 'reload', 'restart', 'scale', 'stop', 'status', 'logs', 'diagnose', 'check', 'init']

describe('a mistake', () => {
  it.each([
    ['stauts', "unknown command 'stauts' (did you mean status?); see `resil --help`"],
    ['nonsense', "unknown command 'nonsense'; see `resil --help`"],
    ['stat --help', "unknown command 'stat' (did you mean start?); see `resil --help`"],
    ['help statsu', "unknown command 'statsu' (did you mean status?); see `resil --help`"],
    ['--jsn', "unknown option '--jsn'; see `resil --help`"],
    ['status --jsn', "unknown option '--jsn' (did you mean --json?); see `resil status --help`"],
    ['status a b', "too many arguments for 'status'. Expected 1 argument but got 2; see `resil status --help`"],
    [
      'start a.js b.js',
      "too many arguments for 'start'. Expected 1 argument but got 2; arguments for the app go after --; see `resil start --help`",
    ],
    ['start app.js -w', "option '-w, --workers <count>' argument missing; see `resil start --help`"],
    ['scale', "missing required argument 'app=N'; see `resil scale --help`"],
    ['scale web', 'scale: "web" is not app=N: write web=4, web=+1 or web=-1'],
    ['scale web=many', 'scale: "web=many" is not app=N: write web=4, web=+1 or web=-1'],
    ['reload --timeout soon', /^--timeout: "soon" is not a duration: /],
    ['reload --timeout 30', /^--timeout: "30" is not a duration: it has no unit/],
    ['stop --timeout 5x', /^--timeout: "5x" is not a duration: unit "x" is unknown/],
    ['logs -n few', '--lines: "few" is not a whole number of 0 or more'],
    ['logs --since yesterday', /^--since: "yesterday" is not a duration: /],
    ['logs --grep /(/', /^--grep: Invalid regular expression: /],
    ['diagnose', "missing required argument 'app:slot'; see `resil diagnose --help`"],
    ['diagnose web:0 --stack --heap', '--stack and --heap are 2 questions: ask one at a time'],
    ['diagnose web:0 --cpu 3m', '--cpu: 3m is not from 10ms to 120s'],
    ['diagnose web:0 --force', '--force goes with --heap only'],
    ['diagnose web:0 -o x', '-o goes with --cpu and --heap; the rest is printed, as JSON with --json'],
  ])('resil %s', async (typed, message) => {
    const { code, stdout, stderr } = await runInProcess(typed.split(' '), { env: { RESIL_SOCKET: '/nowhere' } })
    expect(code).toBe(64)
    expect(stdout).toBe('')
    expect(stderr.split('\n')).toHaveLength(2)
    const said = stderr.replace(/^resil: /, '').trimEnd()
    if (typeof message === 'string') expect(said).toBe(message)
    else expect(said).toMatch(message)
  })

  it.each([['x'], ['x', 'y']])('with details shows them below: %j', (...details) => {
    const error = new ResilError('RESIL_CONFIG', 'resilience.config.json: it is wrong', { details })
    expect(failureOf(error, 'start')).toEqual({
      exitCode: 78,
      code: 'RESIL_CONFIG',
      lines: ['resil: resilience.config.json: it is wrong', ...details],
    })
  })

  it('of resil itself shows where, since nobody can fix it by typing', () => {
    const { exitCode, lines } = failureOf(new TypeError('x is not\n a function'), 'status')
    expect(exitCode).toBe(1)
    expect(lines[0]).toBe('resil: internal error: x is not a function; this is a bug in resil, please report it')
    expect(lines.length).toBeGreaterThan(1)
  })
})

describe('help', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])(
    'of resil %j groups the commands and explains exit codes',
    async (argv) => {
      const { code, stdout, stderr } = await runInProcess(argv)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      for (const group of ['Run:', 'Look:', 'Set up:', 'Options:', 'Examples:', 'Exit codes:']) {
        expect(stdout).toContain(`\n${group}\n`)
      }
      for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
      for (const [exitCode, meaning] of EXIT_CODE_TABLE) {
        expect(stdout).toMatch(
          new RegExp(`^  ${exitCode.replace('+', '\\+')} +${meaning.replace(/[()]/g, '\\$&')}$`, 'm'),
        )
      }
    },
  )

  it.each(COMMANDS)('of %s has examples, and says the same by both ways of asking', async (command) => {
    const asked = await runInProcess([command, '--help'])
    expect(asked.code).toBe(0)
    expect(asked.stdout).toMatch(new RegExp(`^Usage: resil ${command} `))
    expect(asked.stdout).toMatch(new RegExp(`\nExamples:\n  resil ${command}\\b`))
    expect(await runInProcess(['help', command])).toEqual(asked)
  })

  it.each(COMMANDS)('of %s fits into 80 columns', async (command) => {
    const { stdout } = await runInProcess([command, '--help'])
    const [body = ''] = stdout.split('\nExamples:')
    for (const line of body.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('does not tell of what is not there yet, or what is its own', async () => {
    const { stdout } = await runInProcess(['start', '--help'])
    for (const option of ['--watch', '--report-fd']) expect(stdout).not.toContain(option)
  })

  it('knows the version', async () => {
    expect(await runInProcess(['--version'])).toEqual({ code: 0, stdout: 'dev\n', stderr: '' })
    expect(await runInProcess(['-V'])).toEqual({ code: 0, stdout: 'dev\n', stderr: '' })
  })
})
