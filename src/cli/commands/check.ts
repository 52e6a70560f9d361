// `resil check`: whether a start would work as the config is written, and, with --explain, each value and where it came from.

import type { Command } from 'commander'
import type { ExplainedSetting } from '../../config/explain.ts'
import type { Resolved } from '../../config/resolve.ts'
import { ResilError } from '../../errors.ts'
import { count } from '../../events/words.ts'
import { exitCodeOf } from '../../exit-codes.ts'
import type { CliContext } from '../context.ts'
import { addExamples } from '../examples.ts'
import { columns } from '../render/text.ts'

interface CheckOptions {
  readonly config?: string
  readonly explain?: boolean
  readonly json?: boolean
}

export function registerCheck(program: Command, context: CliContext): void {
  const command = program
    .command('check')
    .description('say what is wrong with the config, or what a start would do')
    .argument('[entry]', 'as for start; without it the config file says')
    .option('-c, --config <file>', 'config file, instead of looking for one')
    .option('--explain', 'show each value and where it comes from')
    .option('--json', 'print one JSON document')
    .action(async (entry: string | undefined, options: CheckOptions) => {
      context.finish(await check(entry, options, context))
    })
  addExamples(command, [
    ['resil check', 'the config of this folder'],
    ['resil check --explain', 'each value, and whether a flag, a variable, the file or a default set it'],
    ['resil check -c prod.yaml --json', 'for scripts'],
  ])
}

async function check(entry: string | undefined, options: CheckOptions, context: CliContext): Promise<number> {
  const { resolveSettings } = await import('../../config/resolve.ts')
  const { readMachine } = await import('../../process/machine/read-machine.ts')
  const { explain } = await import('../../config/explain.ts')
  const { adminPortWarning } = await import('../check-admin-port.ts')
  const { env, cwd, stdout, stderr } = context
  let resolved: Resolved
  try {
    resolved = await resolveSettings({
      entry,
      configFile: options.config,
      flags: {},
      env,
      cwd,
      machine: readMachine(env),
      nodeVersion: process.version,
    })
  } catch (error) {
    if (!options.json || !(error instanceof ResilError)) throw error
    const { code, message, details } = error
    const exitCode = exitCodeOf(code)
    const problems = [message, ...details]
    stdout.write(toJson({ ok: false, code, problems, error: { code, message, details, exitCode } }))
    return exitCode
  }
  const taken = await adminPortWarning(resolved.settings, context)
  if (taken !== null) resolved = { ...resolved, warnings: [...resolved.warnings, taken] }
  const rows = options.explain ? explain(resolved.origins) : undefined
  if (options.json) {
    stdout.write(toJson(document(resolved, rows)))
    return 0
  }
  stdout.write(`${[...summary(resolved), ...(rows === undefined ? [] : table(rows))].join('\n')}\n`)
  for (const warning of resolved.warnings) stderr.write(`resil: ${warning}\n`)
  return 0
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function document({ settings, warnings }: Resolved, rows: readonly ExplainedSetting[] | undefined): unknown {
  return {
    ok: true,
    name: settings.name,
    configFile: settings.configFile ?? null,
    apps: settings.apps.map(({ name, script, cwd, instances, instancesReason }) => ({
      name,
      script,
      cwd,
      instances,
      instancesReason,
    })),
    warnings,
    ...(rows === undefined ? {} : { settings: rows.map(({ originText, ...row }) => ({ ...row, from: originText })) }),
  }
}

function summary({ settings }: Resolved): string[] {
  return [
    `${settings.configFile ?? settings.name}: ok`,
    ...settings.apps.map(
      ({ name, script, instances, instancesReason }) =>
        `  ${name}: ${count(instances, 'worker')} of ${script} (${instancesReason})`,
    ),
  ]
}

function table(rows: readonly ExplainedSetting[]): string[] {
  const groups = [...new Set(rows.map(({ app }) => app))]
  return groups.flatMap((group) => {
    const own = rows.filter(({ app }) => app === group)
    const cells = own.map(({ key, text, originText }) => [{ text: `  ${key}` }, { text }, { text: originText }])
    return ['', group ?? 'supervisor', ...columns(cells, ['left', 'left', 'left'])]
  })
}
