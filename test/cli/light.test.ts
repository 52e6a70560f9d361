// What every command loads before it asks: no package at all, and of Node only what a connection needs.

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('status, reload, restart, scale, stop, logs and diagnose load no package, and little of Node', async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outdir: 'out',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    metafile: true,
  })
  const loaded = new Set<string>()
  const load = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const one of metafile.outputs[path]?.imports ?? []) if (one.kind === 'import-statement') load(one.path)
  }
  load('out/main.js')
  const external = [...loaded].filter((path) => !path.startsWith('out/'))
  expect(external.sort()).toEqual(['node:fs', 'node:net', 'node:path'])
  // The rest is reached, by an import that only help, mistakes, start, check and init come to.
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))).toContain(
    'commander',
  )
})
