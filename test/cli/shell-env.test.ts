import { expect, it } from 'vitest'
import { shellEnv } from '../../src/cli/shell-env.ts'

it('takes what is set', () => {
  expect(shellEnv({ A: '1', B: undefined, C: '' })).toEqual({ A: '1', C: '' })
})

it('refuses more than a request can carry, by the name of what is large and never by its value', () => {
  expect(() => shellEnv({ SMALL: 'x', HUGE: 'secret '.repeat(10_000) })).toThrow(
    expect.objectContaining({
      code: 'RESIL_USAGE',
      message: expect.stringMatching(/^--update-env: this environment has \d+ bytes.*HUGE \(70000 bytes\)(?!.*secret)/),
    }),
  )
})
