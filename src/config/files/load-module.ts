// Loads a config that is code. Afresh each time, since a reload reads it again, and with the place of a syntax error,
// which Node prints but does not put into the error.

import { spawnSync } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { messageOf } from '../../errors.ts'
import { runsTypeScript, TYPESCRIPT_FILE } from '../app/node-version.ts'
import { ConfigFault, type Position } from './config-fault.ts'

let loads = 0

/** The default export (or module.exports). Throws ConfigFault. */
export async function loadModule(file: string): Promise<unknown> {
  const version = process.versions.node
  if (TYPESCRIPT_FILE.test(file) && !runsTypeScript(version)) {
    throw new ConfigFault(
      `Node ${version} can't read TypeScript; use Node 22.18 or later, or write it as .mjs, .json or .yaml`,
    )
  }
  const real = realpathSync(file)
  // Of a CommonJS file only the first import would count: its module stays in require's cache, whatever the URL says.
  delete createRequire(real).cache[real]
  let module: { readonly default?: unknown }
  try {
    module = await import(/* @vite-ignore */ `${pathToFileURL(real).href}?resil=${statSync(real).mtimeMs}-${loads++}`)
  } catch (error) {
    throw faultOf(error, real)
  }
  if (module.default === undefined) throw new ConfigFault('exports no default; write "export default { … }"')
  return module.default
}

function faultOf(error: unknown, file: string): ConfigFault {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : ''
  const message = name + messageOf(error)
  const header = readHeader(stack)
  if (header !== undefined && header.file !== file) return new ConfigFault(`${message} (${header.file}:${header.line})`)
  return new ConfigFault(message, header ?? frameWithin(stack, file) ?? syntaxCheck(error, file))
}

/** `file:line`, source and mostly carets: how Node begins the stack of a syntax error. */
function readHeader(text: string): (Position & { readonly file: string }) | undefined {
  const match = /^(\/.*?|file:.*?)(?:\?[^:\n]*)?:(\d+)\n/.exec(text)
  if (match === null) return undefined
  const [, place = '', line] = match
  const indent = /\n([ \t]*)\^+[ \t]*\n/.exec(text)?.[1] ?? ''
  return {
    file: place.startsWith('file:') ? fileURLToPath(place) : place,
    line: Number(line),
    column: indent.length + 1,
  }
}

/** The first stack frame within the file. */
function frameWithin(stack: string, file: string): Position | undefined {
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(name)
    const match = at < 0 ? null : /^(?:\?[^:\s]*)?:(\d+):(\d+)/.exec(stack.slice(at + name.length))
    if (match !== null) return { line: Number(match[1]), column: Number(match[2]) }
  }
  return undefined
}

/** Only Node's own printer knows where an ES module fails to parse, so it is asked to print. */
function syntaxCheck(error: unknown, file: string): Position | undefined {
  if (!(error instanceof SyntaxError) || TYPESCRIPT_FILE.test(file)) return undefined
  const check = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 5_000, env: {} })
  return readHeader(check.stderr)
}
