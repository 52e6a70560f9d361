import { expect, test } from 'vitest'
import { gather } from '../../../src/config/layers/gather.ts'
import { lineOf } from '../../../src/config/problems/problems.ts'
import { fc } from '../../support/property.ts'

const where = 'resilience.config.json'

/** All lines that a config gets, without the file's name. */
function linesFor(raw: unknown): string[] {
  const config = { file: `/srv/${where}`, where, prefix: [], raw, ignored: [] }
  const lines = gather({ config, env: {}, flags: {} }).problems.map(lineOf)
  expect(lines.every((line) => line.startsWith(`${where}: `) && !line.includes('\n'))).toBe(true)
  return lines.map((line) => line.slice(where.length + 2))
}

test.each<[unknown, string]>([
  [
    { apps: [{ restart: { window: { within: '30x' } } }] },
    'apps[0].restart.window.within: "30x" is not a duration: unit "x" is unknown (use ms, s, m, h or d)',
  ],
  [{ instances: 0 }, 'instances: 0 is not a number of workers: a whole number from 1 to 1024, "auto" or "max"'],
  [
    { instances: '4' },
    'instances: "4" is not a number of workers: a whole number from 1 to 1024, "auto" or "max" (write 4 without quotes)',
  ],
  [{ instances: 1.5 }, 'instances: 1.5 is not a number of workers: a whole number from 1 to 1024, "auto" or "max"'],
  [{ ready: { timeout: 0 } }, 'ready.timeout: 0 is too small: at least "1ms"'],
  [{ ready: { timeout: null } }, 'ready.timeout: null is not a duration such as "30s", at least "1ms"'],
  [{ ready: true }, 'ready: true is not a group of settings (an object)'],
  [{ ready: ['auto'] }, 'ready: ["auto"] is not a group of settings (an object)'],
  [{ ready: { on: 'listen' } }, 'ready.on: "listen" is not one of "auto", "listening", "message", "started", "probe"'],
  [
    { restart: { policy: 'Always' } },
    'restart.policy: "Always" is not one of "always", "on-failure", "never"; did you mean "always"?',
  ],
  [
    { shutdown: { signal: 'SIGKILL' } },
    'shutdown.signal: "SIGKILL" is not one of "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR2"',
  ],
  [{ reload: { rollback: 'true' } }, 'reload.rollback: "true" is not true or false (write true without quotes)'],
  [{ restart: { backoff: { jitter: 2 } } }, 'restart.backoff.jitter: 2 is not a number from 0 to 1'],
  [
    { restart: { stopExitCodes: [78, 300] } },
    'restart.stopExitCodes: [78,300] is not a list of exit codes from 0 to 255',
  ],
  [
    { name: 'my app' },
    'name: "my app" is not a name of letters, digits, ".", "_" and "-" (64 at most, a letter or digit first)',
  ],
  [{ args: { port: 1 } }, 'args: {"port":1} is not a list of texts, or one line of arguments'],
  [{ nodeArgs: '--title "x' }, 'nodeArgs: "--title \\"x": a " is opened and never closed'],
  [
    { log: { maxSize: '10' } },
    'log.maxSize: "10" is not a size: it has no unit; write "512mb", or a plain number for bytes',
  ],
  [{ apps: [] }, 'apps: [] is not a list of apps (at least one)'],
  [{ apps: { web: {} } }, 'apps: {"web":{}} is not a list of apps (at least one)'],
  [{ apps: ['web.js'] }, 'apps[0]: "web.js" is not a group of settings (an object)'],
  [{ dependsOn: 'db' }, 'dependsOn: "db" is not a list of app names'],
])('%j is refused in one line', (raw, line) => {
  expect(linesFor(raw)).toEqual([line])
})

test.each<[unknown, string]>([
  [{ instance: 4 }, 'instance: unknown setting; did you mean "instances"?'],
  [{ ready: { timeOut: 1 } }, 'ready.timeOut: unknown setting; did you mean "timeout"?'],
  [{ max_memory_restart: '1G' }, 'max_memory_restart: unknown setting; in resil this is watchdogs.memory.hard'],
  [{ maxMemoryRestart: '1G' }, 'maxMemoryRestart: unknown setting; in resil this is watchdogs.memory.hard'],
  [
    { exec_mode: 'cluster' },
    'exec_mode: unknown setting; in resil this is nothing of the kind: resil always runs apps as cluster workers',
  ],
  [{ kill_timeout: 5000 }, 'kill_timeout: unknown setting; in resil this is shutdown.deadline'],
  [{ deadline: '3s' }, 'deadline: unknown setting here; did you mean "shutdown.deadline"?'],
  [{ ready: { port: 80 } }, 'ready.port: unknown setting here; did you mean "admin.port"?'],
  [{ ready: { banana: 1 } }, 'ready.banana: unknown setting; known here: on, timeout, minReady'],
  [
    { apps: [{ schedule: 'shared' }] },
    'apps[0].schedule: holds for the whole supervisor: move it out of "apps", to the top level',
  ],
  [
    { apps: [{ log: { level: 'info' } }] },
    'apps[0].log.level: holds for the whole supervisor: move it out of "apps", to the top level',
  ],
])('the unknown key of %j is answered with what was probably meant', (raw, line) => {
  expect(linesFor(raw)).toEqual([line])
})

test('all that is wrong is told at once', () => {
  expect(
    linesFor({
      nme: 'x',
      ready: { on: 'x', timeout: '1y' },
      apps: [{ instances: -1, restart: { window: { maxRestarts: -1 } } }, { instances: 'many' }],
    }),
  ).toHaveLength(6)
})

test('values that may be secret are never repeated', () => {
  expect(linesFor({ env: { TOKEN: ['hunter2'] } })).toEqual(['env.TOKEN: is not a text, a number, true or false'])
  expect(linesFor({ env: 'TOKEN=hunter2' })).toEqual(['env: is not an object of names and texts'])
  expect(linesFor({ env: { 'A=B': 'hunter2' } })).toEqual(['env.A=B: is not a name that an environment can hold'])
  const nul = 'holds a NUL character, which no process can be given; leave it out'
  expect(linesFor({ env: { PASSWORD: 'hunter2\0' } })).toEqual([`env.PASSWORD: ${nul}`])
  expect(linesFor({ args: ['a\0'] })).toEqual([`args: ["a\\u0000"]: ${nul}`])
  for (const token of [7777777, 'hunter2', 'hunter2 hunter2']) {
    expect(linesFor({ admin: { token } })).toEqual(['admin.token: is not text of 8 characters or more, without spaces'])
  }
})

test('a long value is cut', () => {
  const [line = ''] = linesFor({ ready: { on: 'x'.repeat(500) } })
  expect(line.length).toBeLessThan(160)
})

test('in package.json fields are named with their key', () => {
  const config = {
    file: '/srv/package.json',
    where: 'package.json',
    prefix: ['resilience'],
    raw: { instances: 0 },
    ignored: [],
  }
  expect(gather({ config, env: {}, flags: {} }).problems.map(lineOf)[0]).toMatch(
    /^package\.json: resilience\.instances: 0 is not/,
  )
})

test('whatever a config holds, each problem is one line with a name', () => {
  const keys = fc.constantFrom(
    'apps',
    'ready',
    'on',
    'env',
    'log',
    'instances',
    'shutdown',
    'args',
    '__proto__',
    'hooks',
  )
  const tree = fc.object({ key: keys, maxDepth: 4, withBigInt: true, withNullPrototype: true, withDate: true })
  fc.assert(
    fc.property(tree, (raw) => {
      for (const line of linesFor(raw)) expect(line).toMatch(/^\S+: /)
    }),
    { numRuns: 1_000 },
  )
})

test('values that JSON can not hold are told too', () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  expect(linesFor({ name: circle, instances: 4n, script: () => 1, watch: Symbol('x') })).toEqual([
    expect.stringMatching(/^name: an object that JSON can not hold is not a name/),
    'script: a function is not text',
    'instances: 4 is not a number of workers: a whole number from 1 to 1024, "auto" or "max"',
    'watch: Symbol(x) is not true, false or a list of paths',
    'watch: not available yet in this version of resil',
  ])
})
