// Writes docs/reference/metrics.md from the table of metrics.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

// Node 20 can't run TypeScript.
const outfile = `${root}/node_modules/.cache/resil/metrics-reference.mjs`
await build({
  entryPoints: [`${root}/src/metrics/reference.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
})
const { referencePage } = await import(outfile)
writeFileSync(`${root}/docs/reference/metrics.md`, referencePage())
