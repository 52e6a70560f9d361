import { defineConfig } from 'vitest/config'

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
