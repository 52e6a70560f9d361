// The folder that a person stands in, by the name that led there. process.cwd() knows only where a link such as
// current → releases/42 pointed to; a reload that should find the next release has to follow the link again.

import { realpathSync } from 'node:fs'
import { isAbsolute, normalize } from 'node:path'

/** PWD as the shell keeps it, where that is the same folder; else `cwd`. */
export function namedFolder(cwd: string, pwd: string | undefined): string {
  if (pwd === undefined || !isAbsolute(pwd) || normalize(pwd) !== pwd) return cwd
  try {
    return realpathSync(pwd) === cwd ? pwd : cwd
  } catch {
    return cwd
  }
}
