// Releases in folders of their own and a link to the current one, as deploy tools lay them out: releases/1, releases/2, current.

import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from './temp-dir.ts'

export interface Releases {
  /** The link. */
  readonly current: string
  release(number: number): string
  /** In one step, as `mv -T` does it. */
  switchTo(number: number): void
}

/** `files` of each release, the first one first; `current` points to it. */
export function deployed(...releases: readonly Readonly<Record<string, string>>[]): Releases {
  const named = releases.flatMap((files, index) =>
    Object.entries(files).map(([name, text]) => [`releases/${index + 1}/${name}`, text] as const),
  )
  const base = tempDir(Object.fromEntries(named))
  const current = join(base, 'current')
  const switchTo = (number: number) => {
    symlinkSync(`releases/${number}`, `${current}.new`)
    renameSync(`${current}.new`, current)
  }
  switchTo(1)
  return { current, release: (number) => join(base, 'releases', String(number)), switchTo }
}
