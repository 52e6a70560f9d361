import { symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withoutInspectorFlags, withoutPreload } from '../../src/agent/hide.ts'
import { tempDir } from '../support/temp-dir.ts'

const agent = '/somewhere/agent.cjs'

describe('the agent takes its own --require away', () => {
  it.each([
    [['--require', agent], []],
    [['-r', agent], []],
    [[`--require=${agent}`], []],
    [
      ['--require', agent, '--require', './own.cjs'],
      ['--require', './own.cjs'],
    ],
    [
      ['--max-old-space-size=64', '--require', agent, '--import', 'tsx'],
      ['--max-old-space-size=64', '--import', 'tsx'],
    ],
    [
      ['--require', './own.cjs'],
      ['--require', './own.cjs'],
    ],
    [
      ['--import', agent],
      ['--import', agent],
    ],
    [['--require', agent, '--require', agent], []],
    [['--require'], ['--require']],
    [
      ['--max_old_space_size=276', '--require', agent, '--import', 'tsx'],
      ['--import', 'tsx'],
    ],
    [
      ['--max_old_space_size=276', '--require', './own.cjs'],
      ['--max_old_space_size=276', '--require', './own.cjs'],
    ],
    [
      [
        '--max_old_space_size=276',
        '--report-on-fatalerror',
        '--report-compact',
        '--report-directory=/var/lib/resil/web/reports',
        '--report-exclude-network',
        '--report-exclude-env',
        '--require',
        agent,
        '--report-directory=/own',
      ],
      ['--report-directory=/own'],
    ],
    [['--report-on-fatalerror'], ['--report-on-fatalerror']],
    [[], []],
  ])('%j → %j', (execArgv, expected) => {
    expect(withoutPreload(execArgv, agent)).toEqual(expected)
    expect(execArgv, 'in place').toEqual(expected)
  })

  it('also where it is given by a symbolic link, as in a linked installation', () => {
    const dir = tempDir({ 'real/agent.cjs': '' })
    symlinkSync(`${dir}/real`, `${dir}/linked`)
    const execArgv = ['--require', `${dir}/linked/agent.cjs`, '--require', `${dir}/missing.cjs`]
    expect(withoutPreload(execArgv, `${dir}/real/agent.cjs`)).toEqual(['--require', `${dir}/missing.cjs`])
  })
})

describe("the agent takes away resil's own flags of the inspector", () => {
  const ours = ['--inspect-port=127.0.0.1:0', '--inspect-publish-uid=stderr']
  it.each([
    [[...ours, '--inspect-port=0'], []],
    [[...ours, '--max-old-space-size=64', '--inspect-port=0'], ['--max-old-space-size=64']],
    [['--inspect-port=127.0.0.1:0', '--inspect-publish-uid=http'], []],
    [
      ['--inspect=0', '--inspect-port=0'],
      ['--inspect=0', '--inspect-port=0'],
    ],
    [['--inspect-port=127.0.0.1:0'], ['--inspect-port=127.0.0.1:0']],
  ])('%j → %j', (execArgv, expected) => {
    expect(withoutInspectorFlags(execArgv)).toEqual(expected)
    expect(execArgv, 'in place').toEqual(expected)
  })
})
