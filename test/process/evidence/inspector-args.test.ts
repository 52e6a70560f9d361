import { expect, it } from 'vitest'
import { inspectorArgs } from '../../../src/process/evidence/inspector-args.ts'

const ours = ['--inspect-port=127.0.0.1:0', '--inspect-publish-uid=stderr']

it.each([
  ['nothing asked for', [], undefined, [...ours], 0, null],
  ['other flags', ['--max-old-space-size=64'], '--enable-source-maps', [...ours, '--max-old-space-size=64'], 0, null],
  ['--inspect', ['--inspect'], undefined, ['--inspect'], 9231, 9231],
  ['a port', ['--inspect=9300'], undefined, ['--inspect=9300'], 9302, 9302],
  ['host and port', ['--inspect=0.0.0.0:9300'], undefined, ['--inspect=0.0.0.0:9300'], 9302, 9302],
  ['a host alone', ['--inspect=localhost'], undefined, ['--inspect=localhost'], 9231, 9231],
  ['any port', ['--inspect-brk=0'], undefined, ['--inspect-brk=0'], 0, 0],
  ['a port for SIGUSR1', ['--inspect-port=9400'], undefined, ['--inspect-port=9400'], 9402, 9402],
  [
    'both, the later port',
    ['--inspect', '--inspect-port=9400'],
    undefined,
    ['--inspect', '--inspect-port=9400'],
    9402,
    9402,
  ],
  ['by NODE_OPTIONS', [], '--inspect=9500', [], 9502, 9502],
] as const)('%s', (_what, nodeArgs, nodeOptions, expected, inspectPort, usersPort) => {
  const args = inspectorArgs({ nodeArgs, nodeOptions, inherited: false, slot: 2, captured: true })
  expect(args).toEqual({ nodeArgs: expected, inspectPort, usersPort })
})

it('leaves the port of an inherited --inspect to the supervisor itself', () => {
  const args = inspectorArgs({ nodeArgs: [], nodeOptions: '--inspect', inherited: true, slot: 0, captured: true })
  expect(args.inspectPort).toBe(9230)
})

it('lets the port tell the session where nobody reads stderr', () => {
  const args = inspectorArgs({ nodeArgs: [], nodeOptions: undefined, inherited: true, slot: 0, captured: false })
  expect(args.nodeArgs).toEqual(['--inspect-port=127.0.0.1:0', '--inspect-publish-uid=http'])
})
