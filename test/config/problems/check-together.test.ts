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
  [{ nodeArgs: '--watch' }, 'nodeArgs: --watch makes node do something else than run the app; leave it out'],
  [{ nodeArgs: ['-e', '1'] }, 'nodeArgs: -e makes node do something else than run the app; leave it out'],
])('%j clashes', (app, message) => {
  expect(messages(app)).toEqual([message])
})

test('flags that only look alike may stand', () => {
  expect(messages({ nodeArgs: ['--check-headers', '--enable-source-maps', '--conditions=x'] })).toEqual([])
})
