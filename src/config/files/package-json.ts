// What resil reads from package.json: name, main and dependencies of the package that a file belongs to.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Package {
  /** Absolute. */
  readonly dir: string
  readonly name: string | undefined
  readonly main: string | undefined
  readonly start: string | undefined
  /** Names only, those that are needed to run it. */
  readonly dependencies: readonly string[]
}

/** The package.json of this folder; undefined where there is none or it is not JSON. */
export function readPackage(dir: string): Package | undefined {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8').replace(/^\uFEFF/, ''))
  } catch {
    // A start does not fail over the name in a broken package.json: node itself will say what is wrong with it.
    return undefined
  }
  const { name, main, scripts, dependencies } = (json ?? {}) as {
    name?: unknown
    main?: unknown
    scripts?: { start?: unknown }
    dependencies?: unknown
  }
  return {
    dir,
    name: textOf(name),
    main: textOf(main),
    start: textOf(scripts?.start),
    dependencies: typeof dependencies === 'object' ? Object.keys(dependencies ?? {}) : [],
  }
}

/** The nearest package.json that has a name, from `dir` upwards: one that only says "type" does not count. */
export function nearestNamedPackage(dir: string): Package | undefined {
  for (let at = dir; ; at = dirname(at)) {
    const found = readPackage(at)
    if (found?.name !== undefined) return found
    if (at === dirname(at)) return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
