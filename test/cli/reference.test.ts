import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { referencePage } from '../../src/cli/reference.ts'
import { operationNames } from '../../src/control/operations.ts'
import { EXIT_CODE_TABLE } from '../../src/exit-codes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(`${root}/docs/reference/cli.md`, 'utf8')

it('the reference page is what the program in this checkout says', () => {
  expect(page).toBe(referencePage())
})

it('the script that writes the reference page finds nothing to write: else run "node scripts/write-cli-reference.js"', () => {
  const check = () => execFileSync(process.execPath, ['scripts/write-cli-reference.js', '--check'], { cwd: root })
  expect(check).not.toThrow()
})

it('the reference page names each operation of the control socket and each exit code', () => {
  for (const operation of operationNames) expect(page).toContain(`\`${operation}\``)
  for (const [code, meaning] of EXIT_CODE_TABLE) expect(page).toContain(`| ${code} | ${meaning} |`)
})
