import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { referencePage } from '../../src/metrics/reference.ts'

const page = fileURLToPath(new URL('../../docs/reference/metrics.md', import.meta.url))

test('the reference page is what was committed: else run "node scripts/write-metrics-reference.js"', () => {
  expect(readFileSync(page, 'utf8')).toBe(referencePage())
})
