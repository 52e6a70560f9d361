import { describe, expect, test } from 'vitest'
import { cpuLimit, cpuQuota, cpusByAffinity, memoryLimit } from '../../../src/process/machine/limits.ts'
import { fc } from '../../support/property.ts'
import {
  dockerV1,
  dockerV2,
  type Files,
  hybrid,
  kubernetes,
  laptop,
  nothing,
  oddMountPoint,
  outsideItsNamespace,
  reader,
  systemdSlice,
  unlimitedV1,
} from './fixtures.ts'

const eight = { count: 8, reason: '8 CPUs by affinity' }

describe('CPUs', () => {
  test.each<[string, Files, number, string]>([
    ['docker, v2', dockerV2, 2, '2 CPUs by cgroup quota (cpu.max 200000 100000)'],
    [
      'docker, v1',
      dockerV1,
      1,
      '1 CPU by cgroup quota (cpu.cfs_quota_us 150000, cpu.cfs_period_us 100000, 1.5 rounded down)',
    ],
    ['a pod with half a CPU', kubernetes, 1, '1 CPU by cgroup quota (cpu.max 50000 100000, 0.5 rounded up)'],
    ['a slice tighter than its unit', systemdSlice, 3, '3 CPUs by cgroup quota (cpu.max 300000 100000)'],
    ['a quota on a v1 parent', hybrid, 5, '5 CPUs by cgroup quota (cpu.cfs_quota_us 250000, cpu.cfs_period_us 50000)'],
    ['a process outside its namespace', outsideItsNamespace, 2, '2 CPUs by cgroup quota (cpu.max 200000 100000)'],
    ['an odd mount point', oddMountPoint, 1, '1 CPU by cgroup quota (cpu.max 100000 100000)'],
    ['a laptop', laptop, 8, '8 CPUs by affinity'],
    ['v1 without limits', unlimitedV1, 8, '8 CPUs by affinity'],
    ['no cgroups at all', nothing, 8, '8 CPUs by affinity'],
  ])('of %s', (_, files, count, reason) => {
    expect(cpuLimit(eight, reader(files))).toEqual({ count, reason })
  })

  test('affinity wins where it is tighter than the quota', () => {
    const one = { count: 1, reason: '1 CPU by affinity' }
    expect(cpuLimit(one, reader(systemdSlice))).toBe(one)
  })

  test('of several levels the tightest counts, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 1_000, max: 900_000 })), { minLength: 1, maxLength: 5 }),
        (quotas) => {
          const steps = quotas.map((_, index) => `l${index}`)
          const files: Record<string, string> = {
            ...laptop,
            '/proc/self/cgroup': `0::/${steps.join('/')}\n`,
            ...Object.fromEntries(
              quotas.map((quota, index) => [
                `/sys/fs/cgroup/${steps.slice(0, index + 1).join('/')}/cpu.max`,
                `${quota ?? 'max'} 100000\n`,
              ]),
            ),
          }
          const set = quotas.filter((quota) => quota !== null)
          const tightest = set.length === 0 ? null : Math.min(...set) / 100_000
          expect(cpuQuota(reader(files))?.cpus ?? null).toBe(tightest)
          expect(cpuLimit(eight, reader(files)).count).toBe(
            tightest === null ? 8 : Math.max(1, Math.min(8, Math.floor(tightest))),
          )
        },
      ),
    )
  })

  test('no content of the files makes it throw, or less than one', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (cgroup, mounts, value) => {
        const read = (path: string): string =>
          path.endsWith('cgroup')
            ? cgroup
            : path.endsWith('mountinfo')
              ? `${mounts}\n${laptop['/proc/self/mountinfo']}`
              : value
        expect(cpuLimit(eight, read).count).toBeGreaterThanOrEqual(1)
        expect(memoryLimit(read).limitBytes ?? 1).toBeGreaterThan(0)
      }),
    )
  })
})

describe('affinity', () => {
  const status = (list: string): string =>
    `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems_allowed_list:\t0\n`

  test.each([
    ['0-3', '0-7', 4],
    ['0,2,4-5', '0-7', 4],
    ['0-127', '0-3', 4],
    ['7', '0-7', 1],
  ])('allowed %s of %s online: %i', (allowed, online, count) => {
    const files = { '/proc/self/status': status(allowed), '/sys/devices/system/cpu/online': `${online}\n` }
    expect(cpusByAffinity(reader(files), 99)).toEqual({
      count,
      reason: `${count} CPU${count === 1 ? '' : 's'} by affinity`,
    })
  })

  test('where the kernel does not say, Node does', () => {
    expect(cpusByAffinity(reader({}), 6).count).toBe(6)
    expect(cpusByAffinity(reader({ '/proc/self/status': status('0-127') }), 6).count).toBe(6)
    expect(cpusByAffinity(reader({}), 0).count).toBe(1)
  })
})

describe('memory', () => {
  test.each<[string, Files, number | null, string]>([
    ['docker, v2', dockerV2, 536_870_912, '512mb by cgroup limit (memory.max 536870912)'],
    ['docker, v1', dockerV1, 268_435_456, '256mb by cgroup limit (memory.limit_in_bytes 268435456)'],
    ['a pod whose container has no limit', kubernetes, 1_073_741_824, '1gb by cgroup limit (memory.max 1073741824)'],
    ['a slice tighter than its unit', systemdSlice, 1_610_612_736, '1536mb by cgroup limit (memory.max 1610612736)'],
    ['a limit on a v1 parent', hybrid, 104_857_600, '100mb by cgroup limit (memory.limit_in_bytes 104857600)'],
    ['a laptop', laptop, null, 'no memory limit'],
    ['v1 without limits', unlimitedV1, null, 'no memory limit'],
    ['no cgroups at all', nothing, null, 'no memory limit'],
  ])('of %s', (_, files, limitBytes, reason) => {
    expect(memoryLimit(reader(files))).toEqual({ limitBytes, reason })
  })
})
