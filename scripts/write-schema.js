// Writes what is generated from the config's zod schema: dist/schema.json, and with --docs the reference page.
// --check: writes nothing, and fails where the committed reference page is not what the schema says.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const PAGE = `${root}/docs/reference/config.md`

// Node 20 can't run TypeScript: bundled in memory.
const { outputFiles } = await build({
  stdin: {
    contents:
      "export { jsonSchema } from './src/config/json-schema.ts'; export { referencePage } from './src/config/reference.ts'",
    resolveDir: root,
  },
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
})
const code = Buffer.from(outputFiles[0].contents).toString('base64')
const { jsonSchema, referencePage } = await import(`data:text/javascript;base64,${code}`)

if (process.argv.includes('--check')) {
  const committed = readFileSync(PAGE, 'utf8')
  if (committed !== referencePage()) {
    console.error(
      'docs/reference/config.md is not what the schema says; run "node scripts/write-schema.js --docs" and commit it',
    )
    process.exitCode = 1
  }
} else {
  mkdirSync(`${root}/dist`, { recursive: true })
  writeFileSync(`${root}/dist/schema.json`, `${JSON.stringify(jsonSchema(), null, 2)}\n`)
  if (process.argv.includes('--docs')) {
    mkdirSync(`${root}/docs/reference`, { recursive: true })
    writeFileSync(PAGE, referencePage())
  }
}
