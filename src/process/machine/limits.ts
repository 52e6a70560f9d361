// How many CPUs and how much memory this process may use: affinity, and the tightest cgroup limit on the way to the root.
// os.availableParallelism() ignores quotas on Node 20, quotas below 1 on 22, and those of cgroup v1 everywhere.

import type { CpuCount } from '../../config/machine-facts.ts'
import { formatSize } from '../../config/units.ts'
import { cgroupFolders, type ReadFile } from './cgroup-files.ts'

export interface CpuQuota {
  readonly cpus: number
  /** What the file says: "cpu.max 200000 100000". */
  readonly source: string
}

export interface MemoryLimit {
  readonly limitBytes: number | null
  readonly reason: string
}

/** Affinity and quota together, rounded down, at least 1. */
export function cpuLimit(affinity: CpuCount, readFile: ReadFile): CpuCount {
  const quota = cpuQuota(readFile)
  if (quota === null) return affinity
  const count = Math.max(1, Math.floor(quota.cpus))
  if (count > affinity.count) return affinity
  const rounded =
    count === quota.cpus ? '' : `, ${Number(quota.cpus.toFixed(2))} rounded ${quota.cpus < 1 ? 'up' : 'down'}`
  return { count, reason: `${cpusInWords(count)} by cgroup quota (${quota.source}${rounded})` }
}

/** CPUs that the scheduler may put this process on. `fallback`: what Node says, where the kernel does not. */
export function cpusByAffinity(readFile: ReadFile, fallback: number): CpuCount {
  const allowed = parseCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(readFile('/proc/self/status') ?? '')?.[1])
  // The mask may name CPUs that could be plugged in but are not there.
  const online = parseCpuList(readFile('/sys/devices/system/cpu/online')?.trim())
  const usable = online === undefined ? undefined : allowed?.filter((cpu) => online.includes(cpu)).length
  const count = Math.max(1, usable || fallback)
  return { count, reason: `${cpusInWords(count)} by affinity` }
}

/** The smallest quota between this cgroup and the root; null: none. */
export function cpuQuota(readFile: ReadFile): CpuQuota | null {
  const quotas = cgroupFolders('cpu', readFile).flatMap(({ version, folders }) =>
    folders.flatMap((folder) => (version === 2 ? quotaV2(folder, readFile) : quotaV1(folder, readFile))),
  )
  return smallest(quotas, ({ cpus }) => cpus)
}

/** The smallest memory limit between this cgroup and the root. */
export function memoryLimit(readFile: ReadFile): MemoryLimit {
  const limits = cgroupFolders('memory', readFile).flatMap(({ version, folders }) => {
    const file = version === 2 ? 'memory.max' : 'memory.limit_in_bytes'
    return folders.flatMap((folder) => {
      const bytes = Number(readFile(`${folder}/${file}`)?.trim() || 'max')
      // "max" (v2) is NaN; v1 says "unlimited" by the largest multiple of a page.
      return Number.isFinite(bytes) && bytes > 0 && bytes < UNLIMITED_V1_BYTES ? [{ bytes, file }] : []
    })
  })
  const tightest = smallest(limits, ({ bytes }) => bytes)
  if (tightest === null) return { limitBytes: null, reason: 'no memory limit' }
  const { bytes, file } = tightest
  return { limitBytes: bytes, reason: `${formatSize(bytes)} by cgroup limit (${file} ${bytes})` }
}

/** More than any machine has: 2^63 rounded down to a page, whatever the page size. */
const UNLIMITED_V1_BYTES = 2 ** 62

function quotaV2(folder: string, readFile: ReadFile): CpuQuota[] {
  const [quota = 'max', period = '100000'] = (readFile(`${folder}/cpu.max`) ?? '').trim().split(/\s+/)
  return quotaOf(Number(quota), Number(period), `cpu.max ${quota} ${period}`)
}

function quotaV1(folder: string, readFile: ReadFile): CpuQuota[] {
  const read = (name: string): number => Number(readFile(`${folder}/${name}`)?.trim() || Number.NaN)
  const quota = read('cpu.cfs_quota_us')
  const period = read('cpu.cfs_period_us')
  return quotaOf(quota, period, `cpu.cfs_quota_us ${quota}, cpu.cfs_period_us ${period}`)
}

/** "max" is NaN, and -1 is none in v1. */
function quotaOf(quota: number, period: number, source: string): CpuQuota[] {
  return quota > 0 && period > 0 ? [{ cpus: quota / period, source }] : []
}

/** "0-3,8" → 0, 1, 2, 3, 8 */
function parseCpuList(text: string | undefined): number[] | undefined {
  if (text === undefined || !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return undefined
  return text.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

function cpusInWords(count: number): string {
  return count === 1 ? '1 CPU' : `${count} CPUs`
}

function smallest<Item>(items: readonly Item[], by: (item: Item) => number): Item | null {
  return items.reduce<Item | null>((least, item) => (least === null || by(item) < by(least) ? item : least), null)
}
