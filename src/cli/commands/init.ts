// `resil init`: writes a config to start from. What goes into it is config/starter.ts; what is in the way is said here.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { messageOf, ResilError } from '../../errors.ts'
import type { CliContext } from '../context.ts'
import { addExamples } from '../examples.ts'

interface InitOptions {
  readonly format: 'json' | 'mjs'
  readonly force?: boolean
  readonly dryRun?: boolean
}

export function registerInit(program: Command, context: CliContext): void {
  const command = program
    .command('init')
    .description('write a config for the app in this folder')
    .argument('[entry]', "the app's script; without it package.json says")
    .addOption(new Option('--format <format>', 'of the file').choices(['json', 'mjs']).default('json'))
    .option('--force', 'overwrite a config that is there')
    .option('--dry-run', 'print the config instead of writing it')
    .action(async (entry: string | undefined, options: InitOptions) => {
      context.finish(await init(entry, options, context))
    })
  addExamples(command, [
    ['resil init', 'resilience.config.json, from package.json'],
    ['resil init server.js --format mjs', 'with each setting explained in comments'],
    ['resil init --dry-run', 'only look'],
  ])
}

async function init(entry: string | undefined, options: InitOptions, context: CliContext): Promise<number> {
  const { findStarter, starterHint, toJsonConfig } = await import('../../config/starter.ts')
  const { cwd, stdout } = context
  const starter = findStarter(cwd, entry)
  if ('problem' in starter) throw new ResilError('RESIL_USAGE', starter.problem)
  const file = `resilience.config.${options.format}`
  const text =
    options.format === 'mjs'
      ? (await import('../../config/starter-comments.ts')).toCommentedConfig(starter)
      : toJsonConfig(starter, schemaFrom(cwd))
  if (options.dryRun) {
    stdout.write(text)
    return 0
  }
  await refuseSecondConfig(cwd, options)
  write(join(cwd, file), text, options)
  const hint = starterHint(starter, process.version)
  stdout.write(`wrote ${file}: ${starter.script} (${starter.found}), as many workers as there are CPUs to use\n`)
  if (hint !== undefined) stdout.write(`  ${hint}\n`)
  stdout.write('  next: `resil check --explain`, `resil start`\n')
  return 0
}

/** Editors show the words of the schema where they can find it. */
function schemaFrom(cwd: string): string | undefined {
  const local = './node_modules/resil/dist/schema.json'
  return existsSync(join(cwd, local)) ? local : undefined
}

async function refuseSecondConfig(cwd: string, { force, format }: InitOptions): Promise<void> {
  const { configIn } = await import('../../config/load.ts')
  const [there] = configIn(cwd)
  if (there === undefined || (force && there === `resilience.config.${format}`)) return
  const way = there === `resilience.config.${format}` ? '--force overwrites it' : `remove it first: only one is read`
  throw new ResilError('RESIL_USAGE', `${there}: a config is there already; ${way}`)
}

function write(path: string, text: string, { force }: InitOptions): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const denied = ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')
    throw new ResilError(denied ? 'RESIL_NOT_PERMITTED' : 'RESIL_USAGE', `can't write ${path}: ${messageOf(error)}`)
  }
}
