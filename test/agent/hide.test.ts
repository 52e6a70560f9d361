import { describe, expect, it } from 'vitest'
import { withoutPreload } from '../../src/agent/hide.ts'

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
    [[], []],
  ])('%j → %j', (execArgv, expected) => {
    expect(withoutPreload(execArgv, agent)).toEqual(expected)
    expect(execArgv, 'in place').toEqual(expected)
  })
})
