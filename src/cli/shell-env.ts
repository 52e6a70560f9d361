// The environment of the shell that a command was typed in, for `reload --update-env`. It goes over the socket in one line.

import { ResilError } from '../errors.ts'

/** Well below what a request may have, quotes and the rest of the line included. */
const MAX_BYTES = 48 * 1024

/** Throws where it is too large, and says which variable makes it so; never what is in it. */
export function shellEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(entries)))
  if (bytes <= MAX_BYTES) return Object.fromEntries(entries)
  const [largest = ['', '']] = entries.sort(([, a], [, b]) => b.length - a.length)
  throw new ResilError(
    'RESIL_USAGE',
    `--update-env: this environment has ${bytes} bytes, and ${MAX_BYTES} can be sent; the largest variable is ${largest[0]} (${Buffer.byteLength(largest[1])} bytes): unset what the app does not need, or put it into envFile`,
  )
}
