// The admin port's settings: off unless asked for, and told where it lets strangers in.

import { expect, test } from 'vitest'
import { adminSettings, adminWarnings, isLoopback } from '../../src/config/admin.ts'

test('off is no admin port; a token is handed on only where there is one', () => {
  expect(adminSettings({ host: '127.0.0.1', port: 'off', token: 'hunter2hunter2' })).toEqual({})
  expect(adminSettings({ host: '127.0.0.1', port: 0 })).toEqual({ admin: { host: '127.0.0.1', port: 0 } })
  expect(adminSettings({ host: '::', port: 9464, token: 'hunter2hunter2' })).toEqual({
    admin: { host: '::', port: 9464, token: 'hunter2hunter2' },
  })
})

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.example.com', false],
  ['admin.internal', false],
])('%s lets only this machine in: %s', (host, own) => {
  expect(isLoopback(host)).toBe(own)
})

test('an address that others can reach is told with what they can do there, the token never', () => {
  expect(adminWarnings(undefined)).toEqual([])
  expect(adminWarnings({ host: '127.0.0.1', port: 9464 })).toEqual([])
  const [open = ''] = adminWarnings({ host: '0.0.0.0', port: 9464 })
  expect(open).toBe(
    'admin: 0.0.0.0 can be reached from other machines: whoever reaches port 9464 reads status, metrics and events; nothing can be changed there, since admin.token is not set',
  )
  const [guarded = ''] = adminWarnings({ host: '0.0.0.0', port: 9464, token: 'hunter2hunter2' })
  expect(guarded).toContain('the token travels in plain text')
  expect(guarded).not.toContain('hunter2')
})
