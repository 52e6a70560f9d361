// From what a person wrote, anywhere, to the settings that the supervisor obeys. Reads config, package.json, .env files and the
// entry's place; decides precedence; throws one ResilError with a line for each thing that is wrong.

import { dirname, resolve } from 'node:path'
import * as z from 'zod/mini'
import { ResilError } from '../errors.ts'
import { adminSettings, adminWarnings } from './admin.ts'
import { nameOfSupervisor } from './app/app-name.ts'
import { type BuiltApp, buildApp } from './app/build-app.ts'
import { findEntry } from './app/find-entry.ts'
import { shareMemory } from './app/share-memory.ts'
import { effectiveLayer } from './layers/effective.ts'
import type { Flags } from './layers/flags.ts'
import { type Gathered, gather, supervisorFields } from './layers/gather.ts'
import { type Entry, type Layer, type Origin, treeOf } from './layers/layers.ts'
import { configIn, findConfig, type LoadedConfig, loadConfig } from './load.ts'
import type { MachineFacts } from './machine-facts.ts'
import { type Problem, toError } from './problems/problems.ts'
import { problemsTogether } from './problems/problems-together.ts'
import { Supervisor } from './schema.ts'
import type { AppSettings, LogSettings, Settings } from './settings.ts'
import { tradeWarnings } from './trades.ts'

export interface ResolveInput {
  /** As typed: a file or folder. Absent: what the config says. */
  readonly entry?: string | undefined
  /** What came after `--`. */
  readonly args?: readonly string[] | undefined
  /** -c */
  readonly configFile?: string | undefined
  readonly flags: Flags
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly machine: MachineFacts
  readonly nodeVersion: string
  /** This one, unless a test says otherwise. */
  readonly platform?: NodeJS.Platform
}

export interface Origins {
  readonly supervisor: Layer
  readonly apps: readonly { readonly name: string; readonly layer: Layer }[]
}

export interface Resolved {
  readonly settings: Settings
  readonly origins: Origins
  readonly warnings: readonly string[]
}

export async function resolveSettings(input: ResolveInput): Promise<Resolved> {
  const { entry, cwd, env, flags } = input
  const config = await configFor(input)
  const gathered = gather({ config, env, flags })
  const apps = gathered.apps.map(({ layer, path }) => ({ path, layer: withCommandLine(layer, input) }))
  const problems = [...gathered.problems, ...commandLineProblems(gathered, input, config)]
  if (problems.length > 0) throw toError(problems)
  if (config === null && apps[0]?.layer.has('script') !== true) throw nothingToStart(cwd)

  const configDir = config === null ? cwd : dirname(config.file)
  const supervisor = z.parse(Supervisor, treeOf(gathered.supervisor, supervisorFields))
  const { machine, nodeVersion, platform = process.platform } = input
  const chaosAllowed = supervisor.chaos.allowed
  const place = { configDir, cwd, listed: gathered.listed, machine, nodeVersion, platform, chaosAllowed }
  const built = shareMemory(
    apps.map(({ layer }) => buildApp(layer, place)),
    machine.memory,
    env,
  )
  const together = problemsTogether(built, apps, config, supervisor)
  if (together.length > 0) throw toError(together)

  const name = supervisorName(gathered, built, configDir)
  const socket = flags.socket ?? (env.RESIL_SOCKET || undefined)
  const settings: Settings = {
    name,
    dir: configDir,
    ...(config === null ? {} : { configFile: config.file }),
    apps: built.map((app) => app.settings).filter((app): app is AppSettings => app !== undefined),
    schedule: supervisor.schedule,
    ...adminSettings(supervisor.admin),
    ...stateDirOf(supervisor, gathered.supervisor.get('stateDir')?.origin, { configDir, cwd }),
    log: logSettings(supervisor, gathered.supervisor.get('log.file')?.origin, { configDir, cwd }),
    ...(socket === undefined ? {} : { socket: resolve(cwd, socket) }),
  }
  const origins: Origins = {
    supervisor: effectiveLayer(supervisorFields, supervisor, gathered.supervisor, {
      'log.file': { value: settings.log.file, reason: null },
    }),
    apps: built.map((app) => ({ name: app.name, layer: app.effective })),
  }
  const warnings = [
    ...gathered.warnings,
    ...fileWarnings(config, entry, cwd),
    ...tradeWarnings(settings),
    ...adminWarnings(settings.admin),
  ]
  return { settings, origins, warnings }
}

async function configFor({ configFile, entry, cwd }: ResolveInput): Promise<LoadedConfig | null> {
  if (configFile !== undefined) return loadConfig(configFile, cwd)
  return entry === undefined ? findConfig(cwd, cwd) : null
}

function withCommandLine(layer: Layer, { entry, args }: ResolveInput): Layer {
  const typed: [string, Entry][] = []
  if (entry !== undefined) typed.push(['script', { value: entry, origin: { from: 'flag', flag: entry } }])
  if (args !== undefined && args.length > 0) typed.push(['args', { value: args, origin: { from: 'flag', flag: '--' } }])
  return new Map([...layer, ...typed])
}

function commandLineProblems(
  gathered: Gathered,
  { entry, args = [] }: ResolveInput,
  config: LoadedConfig | null,
): Problem[] {
  if (gathered.apps.length < 2) return []
  const problem = (where: string, message: string): Problem => ({ where, field: null, message, kind: 'usage' })
  const several = `${config?.where} has ${gathered.apps.length} apps`
  return [
    ...(entry === undefined ? [] : [problem(entry, `${several}, each with its own script; leave the entry out`)]),
    ...(args.length === 0 ? [] : [problem('--', `${several}; write arguments as "args" of one of them`)]),
  ]
}

function nothingToStart(cwd: string): ResilError {
  const start = 'file' in findEntry('.', cwd) ? 'resil start .' : 'resil start app.js'
  return new ResilError(
    'RESIL_USAGE',
    `no entry given and no config in ${cwd}; name the entry ("${start}"), or write a config ("resil init")`,
  )
}

function supervisorName(gathered: Gathered, built: readonly BuiltApp[], configDir: string): string {
  const own = gathered.supervisor.get('name')?.value
  if (typeof own === 'string') return own
  const [only] = built
  return only !== undefined && built.length === 1 ? only.name : nameOfSupervisor(configDir)
}

function logSettings(
  { log }: Supervisor,
  fileOrigin: Origin | undefined,
  { configDir, cwd }: { readonly configDir: string; readonly cwd: string },
): LogSettings {
  const base = fileOrigin?.from === 'file' ? configDir : cwd
  return {
    level: log.level,
    format: log.format,
    ...(log.file === undefined ? {} : { file: resolve(base, log.file) }),
    maxSizeBytes: log.maxSize,
    maxFiles: log.maxFiles,
  }
}

function stateDirOf(
  { stateDir }: Supervisor,
  origin: Origin | undefined,
  { configDir, cwd }: { readonly configDir: string; readonly cwd: string },
): { readonly stateDir?: string } {
  if (stateDir === undefined) return {}
  return { stateDir: resolve(origin?.from === 'file' ? configDir : cwd, stateDir) }
}

function fileWarnings(config: LoadedConfig | null, entry: string | undefined, cwd: string): string[] {
  if (config !== null) return config.ignored.map((file) => `${file} is not read: ${config.where} comes first`)
  const [unread] = configIn(cwd)
  return entry === undefined || unread === undefined
    ? []
    : [`the config in ${unread} is not read when an entry is named; add "-c ${unread}", or leave the entry out`]
}
