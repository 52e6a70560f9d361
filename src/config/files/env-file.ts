// The environment that `envFile` gives: NAME=value lines, read by Node's own parser (quotes, comments, export, several lines in quotes).

import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { messageOf } from '../../errors.ts'

export type ReadEnvFiles =
  | { readonly ok: true; readonly env: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Later files win. `base`: what the names are relative to. */
export function readEnvFiles(names: readonly string[], base: string): ReadEnvFiles {
  const env: Record<string, string> = {}
  const problems: string[] = []
  for (const name of names) {
    try {
      Object.assign(env, parseEnv(readFileSync(resolve(base, name), 'utf8').replace(/^\uFEFF/, '')))
    } catch (error) {
      problems.push(`${JSON.stringify(name)}: ${reason(error, resolve(base, name))}`)
    }
  }
  return problems.length === 0 ? { ok: true, env } : { ok: false, problems }
}

function reason(error: unknown, file: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `no file ${basename(file)} in ${dirname(file)}`
    case 'EACCES':
      return 'permission denied; let the user that resil runs as read it'
    case 'EISDIR':
      return 'is a folder; name a file of NAME=value lines'
    default:
      return messageOf(error)
  }
}
