import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addCommand } from '../../src/cli/add-command.ts'
import { type AnyCommandSpec, type CommandSpec, namesOf } from '../../src/cli/command-spec.ts'
import { startCommand } from '../../src/cli/commands/start.ts'
import type { CliContext } from '../../src/cli/context.ts'
import { lightCommands } from '../../src/cli/light-commands.ts'
import { type QuickLine, quickParse } from '../../src/cli/quick-parse.ts'
import { fc } from '../support/property.ts'

/** What commander makes of the same words; null where it refuses them. */
async function withCommander(spec: AnyCommandSpec, words: readonly string[]): Promise<QuickLine | null> {
  let parsed: QuickLine | null = null
  const program = new Command('resil').exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} })
  const spy: CommandSpec<QuickLine['options']> = {
    ...spec,
    run: async (argument, options) => {
      parsed = { argument, options }
      return 0
    },
  }
  addCommand(program, spy, { finish: () => {} } as unknown as CliContext, { own: words, app: [] })
  await program.parseAsync([spec.name, ...words], { from: 'user' }).catch(() => {})
  return parsed
}

describe('the quick way past commander', () => {
  it.each(lightCommands)('reads a line of $name as commander does, or leaves it alone', async (spec) => {
    const flags = spec.options.flatMap((option) => {
      const { long, short } = namesOf(option)
      return short === undefined ? [long] : [long, short]
    })
    const word = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...flags) },
      { weight: 3, arbitrary: fc.constantFrom('web', 'web:2', 'web=4', '10m', '5', '/a b/i', '') },
      { weight: 1, arbitrary: fc.constantFrom('--', '-', '-x', '-1', '--help', '-h', '--no', `${flags[0]}=1`, '-fn') },
    )
    let quickly = 0
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (words) => {
        const quick = quickParse(spec, words)
        if (quick === null) return
        quickly += 1
        expect(quick).toEqual(await withCommander(spec, words))
      }),
      { numRuns: 300 },
    )
    expect(quickly).toBeGreaterThan(20)
  })

  it.each([
    ['status', []],
    ['status', ['web', '--json']],
    ['status', ['-w']],
    ['reload', ['web', '--timeout', '2m', '--json']],
    ['restart', ['web:2']],
    ['scale', ['web=+1']],
    ['stop', ['--force', '--socket', '/run/x.sock']],
    ['diagnose', ['web:0', '--cpu', '10s', '-o', 'web.cpuprofile', '--json']],
    ['logs', ['-f', '-n', '50', '--since', '10m', '--grep', '/a|b/', '-t']],
  ])('is taken by resil %s %j', (name, words) => {
    const spec = lightCommands.find((one) => one.name === name)
    expect(spec && quickParse(spec, words)).not.toBeNull()
  })
})

it.each([
  ['-n, --lines <count>', { key: 'lines', long: '--lines', short: '-n', takesValue: true }],
  ['--env-file <file>', { key: 'envFile', long: '--env-file', short: undefined, takesValue: true }],
  ['--json', { key: 'json', long: '--json', short: undefined, takesValue: false }],
])('names of %s', (flags, expected) => {
  expect(namesOf({ flags, summary: '' })).toEqual(expected)
})

it('no two options of a command share a name', () => {
  for (const spec of [startCommand, ...lightCommands]) {
    const names = spec.options.flatMap((option) => {
      const { long, short } = namesOf(option)
      return short === undefined ? [long] : [long, short]
    })
    expect(new Set(names).size).toBe(names.length)
  }
})
