// Makes room for a new log file: web.log → web.log.1 → web.log.2 …, and the oldest goes.

import { rename, rm } from 'node:fs/promises'
import { codeOf } from './target.ts'

/** `maxFiles`: how many old ones are kept; 0 keeps none. */
export async function rotate(path: string, maxFiles: number): Promise<void> {
  if (maxFiles === 0) return rm(path, { force: true })
  for (let number = maxFiles - 1; number >= 0; number -= 1) {
    try {
      await rename(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
}
