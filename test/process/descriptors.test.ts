import { closeSync, openSync, readdirSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import {
  descriptorLimit,
  limitWarning,
  mostOf,
  openDescriptors,
  parseDescriptorLimit,
  standsOut,
} from '../../src/process/descriptors.ts'

it('counts what a process has open', () => {
  const before = openDescriptors(process.pid) ?? 0
  const fds = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'))
  expect((openDescriptors(process.pid) ?? 0) - before).toBeGreaterThanOrEqual(50)
  for (const fd of fds) closeSync(fd)
})

it('knows the limit of a process, and nothing of one that is gone', () => {
  expect(descriptorLimit(process.pid)).toBeGreaterThan(0)
  expect(descriptorLimit(2 ** 22 + 1)).toBeNull()
  expect(openDescriptors(2 ** 22 + 1)).toBeNull()
  expect(mostOf(2 ** 22 + 1)).toBeNull()
})

it('names what most of them are', () => {
  const fds = Array.from({ length: readdirSync('/proc/self/fd').length * 2 }, () => openSync(import.meta.filename, 'r'))
  expect(mostOf(process.pid)).toMatch(/^\d+ % of them .*descriptors\.test\.ts$/)
  for (const fd of fds) closeSync(fd)
})

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max core file size        0                    unlimited            bytes
Max open files            1024                 4096                 files
`

test.each([
  ['the soft limit', LIMITS, 1_024],
  ['none', LIMITS.replace('1024                ', 'unlimited           '), null],
  ['unreadable', '', null],
])('limit: %s', (_, text, limit) => expect(parseDescriptorLimit(text)).toBe(limit))

test.each([
  ['sockets together', ['socket:[1]', 'socket:[2]', 'socket:[3]', '/dev/null'], '75 % of them sockets'],
  ['pipes together', ['pipe:[1]', 'pipe:[2]'], '100 % of them pipes'],
  ['a file', ['/a', '/a', '/b', 'socket:[1]'], '50 % of them /a'],
  ['nothing', ['/a', '/b', '/c', '/d', '/e'], null],
  ['none at all', [], null],
])('stands out: %s', (_, targets, said) => expect(standsOut(targets)).toBe(said))

describe('a warning at the start', () => {
  const app = { instances: 4, standby: 1, reload: { surge: 1 } } as never

  it('where the limit is low', () =>
    expect(limitWarning(64, [app])).toEqual([
      'no process may have more than 64 files open: resil needs about 48 here, each worker 20 and one for each connection; raise the limit (LimitNOFILE=, docker --ulimit nofile=, ulimit -n)',
    ]))
  it('where so many workers need more', () =>
    expect(
      limitWarning(
        1_024,
        Array.from({ length: 30 }, () => app),
      ),
    ).toHaveLength(1))
  it('not where there are enough, or nothing is known', () => {
    expect(limitWarning(1_024, [app])).toEqual([])
    expect(limitWarning(null, [app])).toEqual([])
  })
})
