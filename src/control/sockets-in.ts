// The control sockets in a folder, live or stale.

import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'

export function socketsIn(dir: string, prefix = ''): string[] {
  return entriesOf(dir)
    .filter((entry) => entry.isSocket() && entry.name.startsWith(prefix) && entry.name.endsWith('.sock'))
    .map(({ name }) => join(dir, name))
}

/** What can't be read holds nothing for us. */
export function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return []
  }
}
