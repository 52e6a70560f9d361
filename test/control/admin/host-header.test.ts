// Which names the admin port answers to: its own, and addresses where it listens on more than this machine.

import { describe, expect, it } from 'vitest'
import { isOwnHost } from '../../../src/control/admin/host-header.ts'

describe.each<[bound: string, own: string[], foreign: string[]]>([
  [
    '127.0.0.1',
    ['127.0.0.1', '127.0.0.1:9464', 'localhost', 'LOCALHOST:9464', '[::1]', '[::1]:9464', ' localhost '],
    [
      'evil.example',
      'evil.example:9464',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
      '[fe80::1]',
      '',
      'localhost:port',
      'localhost:9464:9464',
      'user@localhost',
      'localhost/path',
      '[::1',
      '::1',
      '2130706433',
      '0x7f.1',
    ],
  ],
  ['localhost', ['localhost:1', '127.0.0.1:1'], ['10.0.0.1', 'evil.example']],
  [
    '0.0.0.0',
    ['10.1.2.3:9464', '[fd00::7]:9464', '0.0.0.0', 'localhost'],
    ['evil.example', 'resil.default.svc', '10.1.2.3.evil.example', '10.1.2', '999.1.1.1'],
  ],
  ['::', ['10.1.2.3', '[fd00::7]', '[::]'], ['evil.example']],
  ['admin.internal', ['admin.internal', 'Admin.Internal:9464', '10.1.2.3'], ['internal', 'x.admin.internal']],
])('bound to %s', (bound, own, foreign) => {
  it.each(own)('answers to %j', (host) => expect(isOwnHost(host, bound)).toBe(true))
  it.each(foreign)('does not answer to %j', (host) => expect(isOwnHost(host, bound)).toBe(false))
  it('answers to old clients that name none', () => expect(isOwnHost(undefined, bound)).toBe(true))
})
