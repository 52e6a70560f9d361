// The agent, bundled as scripts/build.js does it, into a folder of the test file's own: dist/ may be of another day.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { tempDir } from './temp-dir.ts'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

async function bundle(entry: string, name: string): Promise<string> {
  const outfile = join(tempDir(), name)
  await build({
    entryPoints: [source(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    logLevel: 'warning',
  })
  return outfile
}

export const buildAgent = (): Promise<string> => bundle('../../src/agent/main.ts', 'agent.cjs')
export const buildBarePrimary = (): Promise<string> => bundle('./bare-primary.ts', 'bare-primary.cjs')
