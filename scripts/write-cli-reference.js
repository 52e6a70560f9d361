// Writes docs/reference/cli.md from the program itself. --check: writes nothing, and fails where the page is not what it says.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const PAGE = `${root}/docs/reference/cli.md`

// Node 20 can't run TypeScript. Packages stay outside, so the bundle has to stand where they are found.
const outfile = `${root}/node_modules/.cache/resil/cli-reference.mjs`
await build({
  entryPoints: [`${root}/src/cli/reference.ts`],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
})
const { referencePage } = await import(outfile)

if (process.argv.includes('--check')) {
  if (readFileSync(PAGE, 'utf8') !== referencePage()) {
    console.error('docs/reference/cli.md is not what the program says; run "node scripts/write-cli-reference.js"')
    process.exitCode = 1
  }
} else {
  mkdirSync(`${root}/docs/reference`, { recursive: true })
  writeFileSync(PAGE, referencePage())
}
