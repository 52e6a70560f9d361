// Bundles a piece of src/ into a program of its own, as scripts/build.js does: Node 20 can't run .ts, and what ships is a bundle.

import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { tempDir } from './temp-dir.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `source` may import './src/…'; packages that are `external` are found where it lies. Returns the program's path. */
export async function bundle(source: string, external: readonly string[] = []): Promise<string> {
  const outdir = tempDir({ 'package.json': '{"type":"module"}' })
  if (external.length > 0) symlinkSync(join(root, 'node_modules'), join(outdir, 'node_modules'))
  await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts', sourcefile: 'program.ts' },
    outdir,
    entryNames: 'program',
    bundle: true,
    external: [...external],
    splitting: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    logLevel: 'warning',
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
  return join(outdir, 'program.js')
}
