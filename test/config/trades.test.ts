import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tradeWarnings } from '../../src/config/trades.ts'
import { appSettings } from '../support/simulation.ts'
import { tempDir } from '../support/temp-dir.ts'

const supervisor = {
  name: 'x',
  dir: '/',
  log: { level: 'info', format: 'json', maxSizeBytes: 1, maxFiles: 1 },
} as const
const warn = (app: Partial<Parameters<typeof appSettings>[0]>, dependencies: Record<string, string> = {}) => {
  const dir = tempDir({ 'package.json': JSON.stringify({ name: 'chat', dependencies }) })
  const settings = appSettings({ name: 'chat', script: join(dir, 'app.js'), ...app })
  return tradeWarnings({ ...supervisor, schedule: 'round-robin', apps: [settings] })
}

describe('an app that depends on socket.io', () => {
  const socketIo = { 'socket.io': '^4.8.0' }

  test('is told that several workers need stickiness', () => {
    expect(warn({ instances: 4 }, socketIo)).toEqual([
      'chat depends on socket.io and has 4 workers: long polling fails unless each client stays with one worker; set "sticky": true, or let clients use websockets only (transports: [\'websocket\'])',
    ])
  })

  test('with one worker needs none', () => {
    expect(warn({ instances: 1 }, socketIo)).toEqual([])
  })

  test('that is sticky is told what that means behind a proxy', () => {
    expect(warn({ instances: 4, sticky: true }, socketIo)).toEqual([
      'chat is sticky by client address: clients behind one proxy or NAT all go to one worker (behind a load balancer, use its own stickiness instead)',
    ])
  })
})

test('an app that gives nothing away is told nothing', () => {
  expect(warn({ instances: 4 }, { 'socket.io-client': '^4.8.0' })).toEqual([])
})

test('an app with reusePort is told what the kernel does not know', () => {
  expect(warn({ reusePort: true })).toEqual([
    'chat has reusePort: the kernel chooses the worker without knowing which is busy, so no worker can be taken out of rotation, and other programs of the same user can join the port',
  ])
})
