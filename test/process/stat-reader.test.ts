import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openStatReader, pageSize, parseStat } from '../../src/process/stat-reader.ts'

describe('a line of /proc/PID/stat', () => {
  const line =
    '12 (a) b (c) S 1 12 12 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 7 0 999 1000000 2560 18446744073709551615 1 1'

  it('is read behind the name, which may hold anything', () => {
    expect(parseStat(line, 4_096)).toEqual({ state: 'S', cpuMs: 2_000, rssBytes: 10 * 2 ** 20 })
  })

  it.each(['', '12', '12 (a', '12 (a) S', '12 (a) '])('that is none: %j', (text) => {
    expect(parseStat(text, 4_096)).toBeNull()
  })
})

it.each([
  [1_000, 4_096_000, 4_096],
  [1_000, 16_000_000, 16_384],
  [997, 65_900_000, 65_536],
])('%i pages of %i bytes are of %i', (pages, bytes, size) => {
  expect(pageSize(pages, bytes)).toBe(size)
})

describe('the reader', () => {
  it('measures this process about as Node does', () => {
    const reader = openStatReader()
    const own = reader?.read(process.pid)
    reader?.close()
    expect(own?.state).toBe('R')
    expect(own?.rssBytes).toBeGreaterThan(process.memoryUsage.rss() * 0.8)
    expect(own?.rssBytes).toBeLessThan(process.memoryUsage.rss() * 1.2)
    const { user, system } = process.cpuUsage()
    expect(Math.abs((own?.cpuMs ?? 0) - (user + system) / 1_000)).toBeLessThan(200)
  })

  it('reads nothing of a process that has ended, and keeps no descriptor', async () => {
    const reader = openStatReader()
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'])
    // From 'spawn' on it may still be in exec, with no page of its own.
    await once(child.stdout, 'data')
    expect(reader?.read(child.pid as number)?.rssBytes).toBeGreaterThan(0)
    expect(descriptorsOf(child.pid as number)).toHaveLength(1)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(reader?.read(child.pid as number)).toBeNull()
    expect(descriptorsOf(child.pid as number)).toEqual([])
    reader?.close()
  })
})

/** This process's own, to files of that one. */
function descriptorsOf(pid: number): string[] {
  return readdirSync('/proc/self/fd')
    .map(linkOf)
    .filter((path) => path.startsWith(`/proc/${pid}/`))
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    // The one that the folder was read through.
    return ''
  }
}
