// Finds out what one app's merged layer leaves open: where the entry is, how many "auto" is here, what the app is called,
// what its files of variables say. Collects what is wrong instead of stopping at the first.

import { realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as z from 'zod/mini'
import { readEnvFiles } from '../files/env-file.ts'
import { effectiveLayer } from '../layers/effective.ts'
import { appFields } from '../layers/gather.ts'
import { type Layer, mergeLayers, type Origin, treeOf } from '../layers/layers.ts'
import type { MachineFacts } from '../machine-facts.ts'
import { type Clash, clashesIn, defaultKillAfter } from '../problems/check-together.ts'
import { App } from '../schema.ts'
import type { AppSettings } from '../settings.ts'
import { nameOfOneOfSeveral, nameOfOnlyApp } from './app-name.ts'
import { findEntry } from './find-entry.ts'
import { supportTypeScript } from './find-tsx.ts'
import { reusesPorts } from './node-version.ts'
import { toAppSettings } from './to-app-settings.ts'

export interface AppPlace {
  /** What paths in the file are relative to. */
  readonly configDir: string
  /** What paths in the environment and on the command line are relative to. */
  readonly cwd: string
  /** One of several apps, which may share a package. */
  readonly listed: boolean
  readonly machine: MachineFacts
  readonly nodeVersion: string
  /** The supervisor's word, for all apps. */
  readonly chaosAllowed: boolean
  readonly platform: NodeJS.Platform
}

export interface BuiltApp {
  readonly name: string
  /** undefined: a problem is in the way. */
  readonly settings: AppSettings | undefined
  readonly effective: Layer
  readonly problems: readonly Clash[]
}

export function buildApp(layer: Layer, place: AppPlace): BuiltApp {
  const written = mergeLayers([machineDefaults(place.machine), layer])
  const app = z.parse(App, treeOf(written, appFields))
  const problems: Clash[] = clashesIn(app)
  const fail = (key: string, message: string): void => void problems.push({ keys: [key], message })
  const base = (key: string, ofFile: string): string => (isTyped(layer.get(key)?.origin) ? place.cwd : ofFile)

  const cwd = resolve(base('cwd', place.configDir), app.cwd ?? '.')
  const badCwd = folderProblem(cwd)
  if (badCwd !== undefined) fail('cwd', `${JSON.stringify(app.cwd)}: ${badCwd}`)
  const scriptBase = base('script', cwd)
  const entry = badCwd === undefined ? findEntry(app.script, scriptBase) : { file: resolve(cwd, app.script ?? '.') }
  if ('problem' in entry) {
    // An entry on the command line is itself the place that the line names.
    const named = layer.get('script')?.origin.from === 'flag'
    fail('script', named ? entry.problem : scriptProblem(app.script, scriptBase, entry.problem))
  }
  const script = 'file' in entry ? entry.file : resolve(scriptBase, app.script ?? '.')

  const files = readEnvFiles([app.envFile].flat(), base('envFile', cwd))
  for (const problem of files.ok ? [] : files.problems) fail('envFile', problem)
  const { nodeVersion } = place
  const realScript = app.nodeArgs.includes('--preserve-symlinks-main') ? script : realPath(script)
  const typescript = supportTypeScript(script, { nodeArgs: app.nodeArgs, dir: dirname(realScript), nodeVersion })
  if ('problem' in typescript && !('problem' in entry)) fail('script', typescript.problem)

  if (app.reusePort && place.platform !== 'linux') fail('reusePort', `needs Linux (this is ${place.platform})`)
  else if (app.reusePort && !reusesPorts(nodeVersion)) {
    fail('reusePort', `needs Node 22.12 or later (this is ${nodeVersion.replace(/^v/, '')})`)
  }

  const { count: instances, reason } = countOf(app.instances, place.machine, layer.get('instances')?.origin)
  const killAfterMs = app.shutdown.killAfter ?? defaultKillAfter(app.shutdown.deadline)
  const name = app.name ?? nameFor(script, place)
  const effective = effectiveLayer(appFields, app, written, {
    name: { value: name, reason: 'from package.json or the entry' },
    script: { value: script, reason: 'main of the package' },
    cwd: { value: cwd, reason: null },
    instances: { value: instances, reason },
    'shutdown.killAfter': { value: killAfterMs, reason: null },
  })
  if (problems.length > 0) return { name, settings: undefined, effective, problems }
  const settings = toAppSettings(app, {
    name,
    script,
    realScript,
    cwd: realPath(cwd),
    nodeArgs: [...('nodeArgs' in typescript ? typescript.nodeArgs : []), ...app.nodeArgs],
    env: { ...(files.ok ? files.env : {}), ...app.env },
    instances,
    instancesReason: reason,
    killAfterMs,
    chaosAllowed: place.chaosAllowed,
  })
  return { name, settings, effective, problems }
}

/** Docker gives 10 s before it kills, Kubernetes 30. */
function machineDefaults(machine: MachineFacts): Layer {
  if (machine.container !== 'container') return new Map()
  const origin: Origin = { from: 'default', reason: 'a container that is not Kubernetes' }
  return new Map([['shutdown.deadline', { value: '8s', origin }]])
}

/** Written for where the person stands, rather than for where the file lies. */
function isTyped(origin: Origin | undefined): boolean {
  return origin?.from === 'env' || origin?.from === 'flag'
}

/** As node itself does with its main script and the kernel with a current folder; here it is done once for all workers of a generation. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Not there, or not for us to see: told as a problem of its own.
    return path
  }
}

function folderProblem(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : 'is no folder'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'permission denied' : `no folder ${path}`
  }
}

function scriptProblem(script: string | undefined, base: string, problem: string): string {
  return script === undefined ? `not set, and ${base} is ${problem}` : `${JSON.stringify(script)}: ${problem}`
}

function nameFor(script: string, { listed, configDir }: AppPlace): string {
  return listed ? nameOfOneOfSeveral(script, dirname(script), configDir) : nameOfOnlyApp(script, dirname(script))
}

function countOf(
  instances: number | 'auto' | 'max',
  machine: MachineFacts,
  origin: Origin | undefined,
): { readonly count: number; readonly reason: string } {
  if (instances === 'auto') return machine.cpus
  if (instances === 'max') return { ...machine.cpusByAffinity, reason: `max: ${machine.cpusByAffinity.reason}` }
  switch (origin?.from) {
    case 'flag':
      return { count: instances, reason: `${origin.flag} ${instances}` }
    case 'env':
      return { count: instances, reason: `${origin.name}=${instances}` }
    case 'file':
      return { count: instances, reason: `${origin.field} in ${origin.file}` }
    default:
      return { count: instances, reason: 'default' }
  }
}
