import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { clashesIn, defaultKillAfter } from '../../../src/config/problems/check-together.ts'
import { App } from '../../../src/config/schema.ts'

const messages = (app: unknown): string[] =>
  clashesIn(z.parse(App, app)).map(({ keys, message }) => `${keys[0]}: ${message}`)

test('the defaults agree with each other, and with a container', () => {
  expect(messages({})).toEqual([])
  expect(messages({ shutdown: { deadline: '8s' } })).toEqual([])
})

test('a short deadline shortens the default killAfter', () => {
  expect(defaultKillAfter(25_000)).toBe(2_000)
  expect(defaultKillAfter(8_000)).toBe(2_000)
  expect(defaultKillAfter(1_000)).toBe(250)
  expect(messages({ shutdown: { deadline: '1s' } })).toEqual([])
})

test.each<[unknown, string]>([
  [
    { shutdown: { deadline: '2s', killAfter: '2s' } },
    'shutdown.killAfter: 2s must be shorter than shutdown.deadline (2s)',
  ],
  [
    { shutdown: { deadline: '10s', killAfter: '2s', readinessDelay: '8s' } },
    'shutdown.readinessDelay: 8s leaves no time to drain: it must be shorter than shutdown.deadline minus shutdown.killAfter (8s)',
  ],
  [
    { restart: { backoff: { initial: '1m' } } },
    'restart.backoff.initial: 1m must not be longer than restart.backoff.max (30s)',
  ],
  [
    { reload: { surge: 0 } },
    'reload.surge: with reload.surge and reload.maxUnavailable both 0 no worker could ever be replaced; set one to 1',
  ],
  [
    { standby: 1, env: { NODE_APP_INSTANCE: '0' } },
    'standby: 1: a standby has no number before it is needed, and env.NODE_APP_INSTANCE gives each worker one; leave one of them out',
  ],
  [
    { probes: { liveness: { http: '/', tcp: 80 } } },
    'probes.liveness.http: stands beside tcp: write exactly one of http, tcp, exec, ipc',
  ],
  ...['', [], ['']].map((exec): [unknown, string] => [
    { probes: { readiness: { exec } } },
    'probes.readiness.exec: is empty; name a command that exits with 0 when all is well',
  ]),
  [
    { probes: { liveness: { http: 'http://[bad' } } },
    'probes.liveness.http: "http://[bad" is no URL that can be read: write a path such as "/healthz", or a URL such as "http://localhost:3000/healthz"',
  ],
  [
    { hooks: { onCrash: { webhook: 'https://hooks.example:port/secret' } } },
    'hooks.onCrash.webhook: is no URL that can be read: write one such as "https://example.com/hook"',
  ],
  [{ hooks: { onCrash: { exec: [''] } } }, 'hooks.onCrash.exec: is empty; name a command, or leave the hook out'],
  [
    { probes: { readiness: { interval: '5s' } } },
    'probes.readiness: asks nothing: write exactly one of http, tcp, exec, ipc',
  ],
  [{ probes: { startup: { ipc: false } } }, 'probes.startup: asks nothing: write exactly one of http, tcp, exec, ipc'],
  [
    { probes: { liveness: { http: '/', interval: '1s', timeout: '2s' } } },
    'probes.liveness.timeout: 2s must not be longer than probes.liveness.interval (1s)',
  ],
  [
    { ready: { on: 'probe' } },
    'ready.on: "probe" needs a startup probe, such as "probes": { "startup": { "http": "/healthz" } }',
  ],
  [{ nodeArgs: '--watch' }, 'nodeArgs: --watch makes node do something else than run the app; leave it out'],
  [{ nodeArgs: ['-e', '1'] }, 'nodeArgs: -e makes node do something else than run the app; leave it out'],
])('%j clashes', (app, message) => {
  expect(messages(app)).toEqual([message])
})

test('flags that only look alike may stand', () => {
  expect(messages({ nodeArgs: ['--check-headers', '--enable-source-maps', '--conditions=x'] })).toEqual([])
})
