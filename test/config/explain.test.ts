import { expect, test } from 'vitest'
import { type ExplainedSetting, explain } from '../../src/config/explain.ts'
import type { MachineFacts } from '../../src/config/machine-facts.ts'
import { resolveSettings } from '../../src/config/resolve.ts'
import { tempDir } from '../support/temp-dir.ts'

const machine: MachineFacts = {
  cpus: { count: 2, reason: '2 CPUs by affinity' },
  cpusByAffinity: { count: 2, reason: '2 CPUs by affinity' },
  memory: { limitBytes: null, reason: 'no memory limit' },
  container: 'container',
}

async function explained(): Promise<ExplainedSetting[]> {
  const dir = tempDir({
    'app.js': '',
    'resilience.config.json': JSON.stringify({
      ready: { timeout: '5s' },
      env: { TOKEN: 'hunter2' },
      log: { level: 'warn' },
      apps: [
        { name: 'a', script: 'app.js', restart: { policy: 'never' } },
        { name: 'b', script: 'app.js', dependsOn: ['a'] },
      ],
    }),
  })
  const { origins } = await resolveSettings({
    flags: { workers: '3' },
    env: { RESIL_RELOAD_COOLDOWN: '1500', RESIL_ADMIN_TOKEN: 'hunter3hunter3' },
    cwd: dir,
    machine,
    nodeVersion: 'v20.20.2',
  })
  return explain(origins)
}

test('each value has its origin', async () => {
  const rows = await explained()
  const row = (app: string | null, key: string): string | undefined => {
    const found = rows.find((candidate) => candidate.app === app && candidate.key === key)
    return found && `${found.text} | ${found.originText}`
  }
  expect(row('a', 'instances')).toBe('3 | -w')
  expect(row('a', 'ready.timeout')).toBe('5s | resilience.config.json: ready.timeout')
  expect(row('a', 'restart.policy')).toBe('never | resilience.config.json: apps[0].restart.policy')
  expect(row('b', 'restart.policy')).toBe('always | default')
  expect(row('b', 'dependsOn')).toBe('a | resilience.config.json: apps[1].dependsOn')
  expect(row('b', 'reload.cooldown')).toBe('1.5s | RESIL_RELOAD_COOLDOWN')
  expect(row('b', 'shutdown.deadline')).toBe('8s | default (a container that is not Kubernetes)')
  expect(row('b', 'shutdown.killAfter')).toBe('2s | default')
  expect(row(null, 'log.level')).toBe('warn | resilience.config.json: log.level')
  expect(row(null, 'log.maxSize')).toBe('64mb | default')
  expect(row('a', 'log.level')).toBeUndefined()
})

test('of the admin token only that it is set is shown', async () => {
  const rows = await explained()
  expect(JSON.stringify(rows)).not.toContain('hunter3hunter3')
  expect(rows.find(({ key }) => key === 'admin.token')).toEqual({
    app: null,
    key: 'admin.token',
    value: '(set, not shown)',
    text: '(set, not shown)',
    origin: { from: 'env', name: 'RESIL_ADMIN_TOKEN' },
    originText: 'RESIL_ADMIN_TOKEN',
  })
})

test('values of the environment are not shown, and what is not available yet is left out', async () => {
  const rows = await explained()
  expect(JSON.stringify(rows)).not.toContain('hunter2')
  expect(rows.find(({ key }) => key === 'env')).toMatchObject({ value: ['TOKEN'], text: 'TOKEN' })
  expect(rows.filter(({ key }) => /^(watch$|probes)/.test(key))).toEqual([])
})
