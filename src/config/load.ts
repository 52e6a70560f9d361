// Finds and reads the config file of a folder. What it may hold is schema.ts; this hands over what it says, unchecked.
// cosmiconfig is loaded only where there is something for it to read: it costs 14 ms.

import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { Loader } from 'cosmiconfig'
import { messageOf, ResilError } from '../errors.ts'
import { ConfigFault } from './files/config-fault.ts'
import { findJsonError } from './files/json-error.ts'
import { CONFIG_NAME, SEARCH_PLACES } from './files/search-places.ts'
import { displayPath, shown } from './problems/problems.ts'
import { nearest } from './suggest.ts'

export interface LoadedConfig {
  /** Absolute. */
  readonly file: string
  /** As error lines name it. */
  readonly where: string
  /** Where in the file the settings begin: under a key in package.json, at the top elsewhere. */
  readonly prefix: readonly string[]
  readonly raw: unknown
  /** Config files in the same folder that are not read. */
  readonly ignored: readonly string[]
}

/** The config of `dir` itself (no walk upwards), or null where there is none. */
export async function findConfig(dir: string, cwd: string): Promise<LoadedConfig | null> {
  const [first, ...ignored] = configIn(dir)
  return first === undefined ? null : { ...(await loadConfig(join(dir, first), cwd)), ignored }
}

/** A file that the person named. */
export async function loadConfig(path: string, cwd: string): Promise<LoadedConfig> {
  const file = resolve(cwd, path)
  const where = displayPath(file, cwd)
  assertReadable(file, where)
  const inPackage = basename(file) === 'package.json'
  try {
    const raw = await read(file)
    const problem = whyUnusable(raw, inPackage)
    if (problem !== undefined) throw new ConfigFault(problem)
    return { file, where, prefix: inPackage ? [CONFIG_NAME] : [], raw, ignored: [] }
  } catch (error) {
    throw asOneLine(error, where)
  }
}

async function read(file: string): Promise<unknown> {
  const { cosmiconfig, defaultLoaders } = await import('cosmiconfig')
  const module: Loader = async (filepath) => (await import('./files/load-module.ts')).loadModule(filepath)
  const yaml = withPosition(defaultLoaders['.yaml'])
  const loaders: Readonly<Record<string, Loader>> = {
    '.json': loadJson,
    '.yaml': yaml,
    '.yml': yaml,
    '.js': module,
    '.mjs': module,
    '.cjs': module,
    '.ts': module,
    '.mts': module,
    '.cts': module,
  }
  const format = extname(file)
  if (format !== '' && loaders[format] === undefined) {
    throw new ConfigFault(`${format} is no format that resil reads; use ${Object.keys(loaders).slice(0, 7).join(', ')}`)
  }
  const explorer = cosmiconfig(CONFIG_NAME, {
    searchPlaces: [basename(file)],
    searchStrategy: 'none',
    cache: false,
    loaders: { ...loaders, noExt: yaml },
  })
  return (await explorer.load(file))?.config
}

/** Names of the files in a folder that hold a config, the one that counts first. */
export function configIn(dir: string): string[] {
  let names: readonly string[]
  try {
    names = readdirSync(dir)
  } catch {
    // A folder that can't be listed may still have a readable entry; what is wrong with it is said where it is used.
    return []
  }
  return SEARCH_PLACES.filter(
    (place) => names.includes(place) && (place !== 'package.json' || mentionsConfig(join(dir, place))),
  )
}

/** Cheaper than loading cosmiconfig to learn that an ordinary package.json has no such key. */
function mentionsConfig(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(`"${CONFIG_NAME}"`) && packageKey(file) !== undefined
  } catch {
    // Broken or unreadable: it is no config of ours, and whoever needs its main or name says so.
    return false
  }
}

function packageKey(file: string): unknown {
  return (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)[CONFIG_NAME]
}

function assertReadable(file: string, where: string): void {
  const fail = (message: string): never => {
    throw new ResilError('RESIL_CONFIG', `${where}: ${message}`)
  }
  try {
    if (statSync(file).isDirectory()) fail('is a folder; name the config file in it')
    closeSync(openSync(file, 'r'))
  } catch (error) {
    if (error instanceof ResilError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES') fail("can't be read: permission denied")
    if (code !== 'ENOENT' && code !== 'ENOTDIR') fail(messageOf(error))
    const there = configIn(dirname(file))
    const near = nearest(basename(file), there) ?? there[0]
    fail(near === undefined ? 'no such file' : `no such file; did you mean ${join(dirname(where), near)}?`)
  }
}

const loadJson: Loader = (_filepath, text) => {
  const json = text.replace(/^\uFEFF/, '')
  const error = findJsonError(json)
  if (error !== undefined) throw new ConfigFault(error.message, error)
  return JSON.parse(json)
}

/** YAML errors carry their place as `mark`, counted from 0. */
function withPosition(loader: Loader): Loader {
  return (filepath, text) => {
    try {
      return loader(filepath, text)
    } catch (error) {
      const { reason, mark } = error as { reason?: string; mark?: { line: number; column: number } }
      if (mark === undefined) throw error
      throw new ConfigFault(reason ?? messageOf(error), { line: mark.line + 1, column: mark.column + 1 })
    }
  }
}

function whyUnusable(config: unknown, inPackage: boolean): string | undefined {
  if (config === undefined || config === null) {
    return inPackage ? `has no "${CONFIG_NAME}" key` : 'is empty; "resil init" writes one to start from'
  }
  if (typeof config === 'function') return 'exports a function; export the object itself'
  if (typeof config !== 'object' || Array.isArray(config)) {
    return `holds ${shown(config)} where an object of settings is expected`
  }
  return undefined
}

function asOneLine(error: unknown, where: string): ResilError {
  if (error instanceof ResilError) return error
  const at = error instanceof ConfigFault && error.position
  const place = at ? `${where}:${at.line}:${at.column}` : where
  return new ResilError('RESIL_CONFIG', `${place}: ${messageOf(error)}`, { cause: error })
}
