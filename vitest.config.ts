import { defineConfig } from 'vitest/config'

// What the tests and their processes inherit is the same everywhere: numbers without colour, no chaos, no supervisor of somebody's.
for (const name of Object.keys(process.env)) {
  if (/^(FORCE_COLOR|NO_COLOR|CHAOS_ENABLED|RESIL_(?!TEST_|PROPERTY_).*)$/.test(name)) delete process.env[name]
}

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    include: ['test/**/*.test.ts'],
    exclude: ['test/campaign/**'],
    // Real processes on two shared cores: integration files run one after the other, and a deadline means "hung", not "slow".
    maxWorkers: 2,
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
