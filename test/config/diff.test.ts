import { describe, expect, it, test } from 'vitest'
import { diffEnv, diffSettings, diffTrees } from '../../src/config/diff.ts'
import { isSecret } from '../../src/config/secret-settings.ts'
import { appSettings } from '../support/simulation.ts'

const noSecret = () => false

describe('the difference between settings', () => {
  it.each<[string, Parameters<typeof appSettings>[0], { key: string; from: string | null; to: string | null }[]]>([
    ['nothing', {}, []],
    [
      'a name that ends in a number before its unit',
      { reload: { canary: { instances: 1, observeMs: 30_000, maxErrorRate: 0.01, maxLagP99Ms: 200 } } },
      expect.arrayContaining([{ key: 'reload.canary.maxLagP99', from: null, to: '200ms' }]),
    ],
    ['a duration', { shutdown: { deadlineMs: 30_000 } }, [{ key: 'shutdown.deadline', from: '25s', to: '30s' }]],
    ['a number', { instances: 4 }, [{ key: 'instances', from: '2', to: '4' }]],
    ['a list', { args: ['--port', '1'] }, [{ key: 'args', from: '(none)', to: '--port 1' }]],
    ['a yes or no', { reload: { rollback: false } }, [{ key: 'reload.rollback', from: 'true', to: 'false' }]],
    ['a setting of another name', { captureOutput: false }, [{ key: 'log.capture', from: 'true', to: 'false' }]],
    [
      'a group that was not there',
      { recycle: { maxAgeMs: 3_600_000, maxRequests: null, jitter: 0.2, minLifeMs: 10_000 } },
      [
        { key: 'recycle.maxAge', from: null, to: '1h' },
        { key: 'recycle.jitter', from: null, to: '0.2' },
        { key: 'recycle.minLife', from: null, to: '10s' },
      ],
    ],
    [
      'a link that points elsewhere',
      { realScript: '/releases/2/server.js' },
      [{ key: 'release', from: '/app/server.js', to: '/releases/2/server.js' }],
    ],
    [
      'another entry',
      { script: '/app/other.js', realScript: '/app/other.js' },
      [{ key: 'script', from: '/app/server.js', to: '/app/other.js' }],
    ],
    ['what has a diff of its own, or says nothing', { env: { A: '1' }, instancesReason: 'x', name: 'other' }, []],
  ])('of %s', (_, change, expected) => {
    expect(diffSettings(appSettings(), appSettings(change), noSecret)).toEqual(expected)
  })

  test('names a secret and does not tell it', () => {
    const changes = diffTrees(
      { admin: { token: 'a', port: 1 } },
      { admin: { token: 'b', port: 2 } },
      (key) => key === 'admin.token',
    )
    expect(changes).toEqual([
      { key: 'admin.token', from: '(secret)', to: '(secret)' },
      { key: 'admin.port', from: '1', to: '2' },
    ])
    expect(diffTrees({}, { token: 'b' }, () => true)).toEqual([{ key: 'token', from: null, to: '(secret)' }])
  })

  test('names hooks as the config does, and knows what the schema calls a secret', () => {
    const hook = (url: string) => appSettings({ hooks: { onReload: { via: 'webhook', url } } })
    expect(diffSettings(hook('https://a/token-1'), hook('https://a/token-2'), isSecret)).toEqual([
      { key: 'hooks.onReload.webhook', from: '(secret)', to: '(secret)' },
    ])
    expect(isSecret('admin.token')).toBe(true)
    expect(isSecret('admin.port')).toBe(false)
  })

  test('goes into lists of groups', () => {
    expect(diffTrees({ probes: [{ path: '/a' }] }, { probes: [{ path: '/b' }] }, noSecret)).toEqual([
      { key: 'probes.0.path', from: '/a', to: '/b' },
    ])
  })
})

describe('the difference between environments', () => {
  it('is names: added, removed, changed', () => {
    const diff = diffEnv({ KEPT: '1', GONE: '2', OTHER: 'old-secret' }, { KEPT: '1', OTHER: 'new-secret', NEW: '3' })
    expect(diff).toEqual({ added: ['NEW'], removed: ['GONE'], changed: ['OTHER'] })
    expect(JSON.stringify(diff)).not.toContain('secret')
  })

  it('leaves out what a shell keeps for itself', () => {
    expect(diffEnv({ PWD: '/a', _: 'x', SHLVL: '1' }, { PWD: '/b', OLDPWD: '/a', SHLVL: '2' })).toEqual({
      added: [],
      removed: [],
      changed: [],
    })
  })
})
