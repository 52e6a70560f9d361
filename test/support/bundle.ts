// Bundles a piece of src/ into a program of its own, as scripts/build.js does: Node 20 can't run .ts, and what ships is a bundle.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { tempDir } from './temp-dir.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `source` may import './src/…'. Returns the program's path. */
export async function bundle(source: string): Promise<string> {
  const outdir = tempDir({ 'package.json': '{"type":"module"}' })
  await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts', sourcefile: 'program.ts' },
    outdir,
    entryNames: 'program',
    bundle: true,
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
