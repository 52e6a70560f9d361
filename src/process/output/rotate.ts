// Makes room for a new log file: web.log → web.log.1 → web.log.2 …, and the oldest goes.

import { rename, rm } from 'node:fs/promises'
import { codeOf } from './target.ts'

/** `maxFiles` counts all files, the one being written included. */
export async function rotate(path: string, maxFiles: number): Promise<void> {
  if (maxFiles <= 1) return rm(path, { force: true })
  for (let number = maxFiles - 2; number >= 0; number -= 1) {
    try {
      await rename(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
}
