// A short, seeded slice of each campaign; the long ones have npm scripts of their own.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { edgeNodes, nodesUnderTest } from '../support/node-versions.ts'

const run = promisify(execFile)

async function campaign(name: string, args: readonly string[], node: string) {
  const script = fileURLToPath(new URL(`../campaign/${name}.js`, import.meta.url))
  // Where a campaign fails, what it says of its failures is worth more than its exit code.
  const env = { ...process.env, RESIL_TEST_NODE: node }
  const { stdout } = await run(process.execPath, [script, ...args], { env }).catch((error: { stdout: string }) => error)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

describe.each(nodesUnderTest)('on Node $version', ({ path, major, minor }) => {
  const isEdge = edgeNodes.some((node) => node.path === path)

  it('a worker that dies at any moment of its boot never takes the supervisor along', async () => {
    const { failures, killed } = await campaign('boot-kill', ['--kills', '30', '--seed', '7'], path)
    expect(failures).toEqual([])
    expect(killed).toBe(30)
  })

  // What the app does with its SIGTERM comes when nothing is in hand any more, and leans on nothing of Node's.
  const wellBehaved = isEdge
    ? [
        ['an app that closes gracefully on SIGTERM', 'graceful'],
        ['an app that exits when its server has closed', 'close-and-exit'],
      ]
    : []

  it.each([['a naive app', 'naive'], ...wellBehaved])(
    'reloads of %s lose no request, and take no longer than their boots and drains',
    async (_what, app) => {
      const args = ['--reloads', '3', '--clients', '40', '--app', app, '--seed', '7']
      const { failures, apps } = await campaign('reload', args, path)
      expect(failures).toEqual([])
      expect(apps[app]).toMatchObject({ reloads: 3, failed: {} })
      expect(apps[app].ok).toBeGreaterThan(100)
    },
  )

  it.each(['1', '3'])(
    'kill -9 of one of %s workers costs only what it had accepted, refuses nobody, leaves nobody hanging and leaks nothing',
    async (workers) => {
      const { failures, rounds } = await campaign('kill', ['--kills', '8', '--workers', workers, '--seed', '7'], path)
      expect(failures).toEqual([])
      const [{ kills, ok, cut }] = rounds
      expect(kills).toBe(8)
      expect(ok).toBeGreaterThanOrEqual(8 * 15)
      expect(cut.inHand).toBeLessThanOrEqual(cut.inHandOfVictims)
    },
  )

  const schedules = ['shared', ...(major > 22 || (major === 22 && minor >= 12) ? ['reusePort'] : [])]

  it.each(schedules)('where workers accept for themselves (%s), reloads lose no request', async (schedule) => {
    const args = ['--reloads', '3', '--clients', '40', '--app', 'naive', '--schedule', schedule, '--seed', '7']
    const { failures, apps } = await campaign('reload', args, path)
    expect(failures).toEqual([])
    expect(apps.naive.ok).toBeGreaterThan(100)
  })

  // Each step of it is tried on every Node in test/cluster-internals/kept-sockets.test.ts.
  const killed = isEdge ? schedules : []

  it.each(killed.flatMap((schedule) => ['1', '3'].map((workers) => [schedule, workers] as const)))(
    'where workers accept for themselves (%s), kill -9 of one of %s refuses nobody and leaves nobody hanging',
    async (schedule, workers) => {
      const args = ['--kills', '8', '--workers', workers, '--schedule', schedule, '--seed', '7']
      const { failures } = await campaign('kill', args, path)
      expect(failures).toEqual([])
    },
  )
})
