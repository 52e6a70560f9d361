// The config that `resil init` writes: what is found in the folder, and the settings that people change first.

import { basename, extname } from 'node:path'
import { sanitizeName } from './app/app-name.ts'
import { findEntry, likelyEntry, nameFrom } from './app/find-entry.ts'
import { runsTypeScript, TYPESCRIPT_FILE } from './app/node-version.ts'
import { splitArgs } from './fields/split-args.ts'
import { type Package, readPackage } from './files/package-json.ts'

export interface Starter {
  readonly name: string
  /** Relative to the folder. */
  readonly script: string
  readonly args: readonly string[]
  readonly nodeArgs: readonly string[]
  /** Where the entry was found: "main of package.json". */
  readonly found: string
}

export type FoundStarter = Starter | { readonly problem: string }

/** What runs a script in package.json's `start`, and whether node itself needs the words between it and the file. */
const RUNNERS: Readonly<Record<string, boolean>> = { node: true, nodemon: false, tsx: false }

/** `entry`: as the person typed it; absent: from package.json's start script or main, else where entries usually are. */
export function findStarter(dir: string, entry: string | undefined): FoundStarter {
  const own = readPackage(dir)
  const candidates = entry === undefined ? guesses(dir, own) : [typed(dir, entry)]
  const found = candidates.find((candidate) => 'script' in candidate) ?? candidates[0]
  if (found === undefined) {
    return {
      problem: 'found no entry: no start script or main in package.json, no index.js; name it: "resil init app.js"',
    }
  }
  if ('problem' in found) return found
  return { name: sanitizeName(own?.name ?? basename(found.script, extname(found.script))), ...found }
}

type Guess = Omit<Starter, 'name'> | { readonly problem: string }

/** The best first. */
function guesses(dir: string, own: Package | undefined): Guess[] {
  return [own?.start === undefined ? undefined : fromStartScript(dir, own.start), fromFolder(dir, own)].filter(
    (guess) => guess !== undefined,
  )
}

function typed(dir: string, entry: string): Guess {
  const found = findEntry(entry, dir)
  if ('problem' in found) return { problem: `${entry}: ${found.problem}` }
  return { script: nameFrom(dir, found.file), args: [], nodeArgs: [], found: 'as you named it' }
}

/** `node --enable-source-maps dist/server.js --port 80`; anything cleverer than that is left to the person. */
function fromStartScript(dir: string, line: string): Guess | undefined {
  const split = splitArgs(line)
  if (!split.ok || /[&|;<>$`]/.test(line)) return undefined
  const [runner = '', ...words] = split.args
  const keepsFlags = RUNNERS[runner]
  const at = words.findIndex((word) => !word.startsWith('-'))
  if (keepsFlags === undefined || at === -1) return undefined
  const found = findEntry(words[at], dir)
  if ('problem' in found) return undefined
  return {
    script: nameFrom(dir, found.file),
    args: words.slice(at + 1),
    nodeArgs: keepsFlags ? words.slice(0, at) : [],
    found: 'the start script in package.json',
  }
}

function fromFolder(dir: string, own: Package | undefined): Guess | undefined {
  const entry = findEntry(undefined, dir)
  const script = 'file' in entry ? nameFrom(dir, entry.file) : likelyEntry(dir, dir)
  if (script === undefined) return undefined
  const found = 'file' in entry && own?.main !== undefined ? 'main of package.json' : 'found in this folder'
  return { script, args: [], nodeArgs: [], found }
}

/** JSON has no comments: the schema gives editors the same words. */
export function toJsonConfig(starter: Starter, schema: string | undefined): string {
  const { name, script, args, nodeArgs } = starter
  const config = {
    ...(schema === undefined ? {} : { $schema: schema }),
    name,
    script,
    ...(args.length === 0 ? {} : { args }),
    ...(nodeArgs.length === 0 ? {} : { nodeArgs }),
    instances: 'auto',
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

/** `settings`: what to show commented out, with its words and its default. */
export function toModuleConfig(
  starter: Starter,
  settings: readonly { readonly path: readonly string[]; readonly description: string; readonly value: string }[],
): string {
  const { name, script, args, nodeArgs } = starter
  const text = (value: unknown): string => JSON.stringify(value)
  const lines = [
    '// `resil check --explain` shows each value and where it comes from. Lines in comments are the defaults.',
    'export default {',
    `  name: ${text(name)},`,
    `  script: ${text(script)},`,
    ...(args.length === 0 ? [] : [`  args: ${text(args)},`]),
    ...(nodeArgs.length === 0 ? [] : [`  nodeArgs: ${text(nodeArgs)},`]),
    '  instances: "auto",',
    ...settings.flatMap(({ path, description, value }) => [
      '',
      `  // ${description}`,
      `  // ${path.map((step, depth) => (depth === path.length - 1 ? step : `${step}: { `)).join('')}: ${value}${' }'.repeat(path.length - 1)},`,
    ]),
    '}',
  ]
  return `${lines.join('\n')}\n`
}

/** A hint where the entry will not run as it stands. */
export function starterHint(starter: Starter, nodeVersion: string): string | undefined {
  return TYPESCRIPT_FILE.test(starter.script) && !runsTypeScript(nodeVersion)
    ? 'Node 20 runs TypeScript through tsx: "npm install tsx"'
    : undefined
}
