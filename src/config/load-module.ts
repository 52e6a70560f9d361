// Loads a config that is code. Afresh each time, since a reload reads it again, and with the place of a syntax error,
// which Node prints but does not put into the error.

import { spawnSync } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { messageOf, ResilError } from '../errors.ts'
import { runsTypeScript, TYPESCRIPT_FILE } from './node-version.ts'

export interface Position {
  readonly line: number
  readonly column: number
}

/** What is wrong with a config file, and where in it. */
export class ConfigFileFault extends Error {
  readonly position: Position | undefined
  constructor(message: string, position: Position | undefined) {
    super(message)
    this.name = 'ConfigFileFault'
    this.position = position
  }
}

/** The default export (or module.exports). Throws ConfigFileFault. */
export async function loadModule(file: string, nodeVersion: string): Promise<unknown> {
  if (TYPESCRIPT_FILE.test(file) && !runsTypeScript(nodeVersion)) {
    const fix = 'use Node 22.18 or later, or write it as .mjs, .json or .yaml'
    throw new ConfigFileFault(`Node ${nodeVersion.replace(/^v/, '')} can't read TypeScript; ${fix}`, undefined)
  }
  const real = realpathSync(file)
  // Of a CommonJS file only the first import would count: its module stays in require's cache whatever the URL says.
  delete createRequire(real).cache[real]
  const url = `${pathToFileURL(real).href}?resil=${statSync(real).mtimeMs}-${loads++}`
  let module: { readonly default?: unknown }
  try {
    module = await import(/* @vite-ignore */ url)
  } catch (error) {
    if (error instanceof ResilError) throw error
    throw new ConfigFileFault(firstLine(error), placeOf(error, real) ?? placeBySyntaxCheck(error, real))
  }
  if (module.default === undefined) throw new ConfigFileFault('exports no default; write "export default { … }"', undefined)
  return module.default
}

let loads = 0

function firstLine(error: unknown): string {
  const message = messageOf(error)
  return error instanceof Error && error.name !== 'Error' && !message.startsWith(error.name)
    ? `${error.name}: ${message}`
    : message
}

/** From the stack: a header of `file:line`, source and carets, or a frame within the file. */
function placeOf(error: unknown, file: string): Position | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const frame = new RegExp(`${RegExp.escape?.(file) ?? escape(file)}(?:\\?[^:\\s]*)?:(\\d+):(\\d+)`).exec(stack)
  return placeFromHeader(stack) ?? (frame === null ? undefined : { line: Number(frame[1]), column: Number(frame[2]) })
}

function placeFromHeader(text: string): Position | undefined {
  const header = /^\S.*:(\d+)\n.*\n(\s*)\^/.exec(text)
  return header === null ? undefined : { line: Number(header[1]), column: (header[2]?.length ?? 0) + 1 }
}

/** Only Node's own printer knows where an ES module fails to parse, so it is asked to print. */
function placeBySyntaxCheck(error: unknown, file: string): Position | undefined {
  if (!(error instanceof SyntaxError) || TYPESCRIPT_FILE.test(file)) return undefined
  const check = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 5_000, env: {} })
  return placeFromHeader(check.stderr)
}
