import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { readingDeadline } from '../../src/process/reading-deadline.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

it('a deadline that is due together with what it waits for comes after it', async () => {
  const order: string[] = []
  const file = join(tempDir(), 'written')
  const child = spawn('sh', ['-c', 'echo words; touch "$0"', file], { stdio: ['ignore', 'pipe', 'ignore'] })
  child.stdout.once('data', () => order.push('words'))
  const due = new Promise<void>((resolve) => {
    systemClock.setTimeout(() => order.push('timer'), 1)
    readingDeadline(
      systemClock,
      () => {
        order.push('deadline')
        resolve()
      },
      1,
    )
  })
  const since = performance.now()
  // As a process that is not run: its timers are due, and the pipe has been written.
  while (!existsSync(file) || performance.now() - since < 5);
  await due
  expect(order).toEqual(['timer', 'words', 'deadline'])
})

it('a deadline that is cancelled does not come, not even in the turn in which it was due', async () => {
  const clock = fakeClock()
  const come: string[] = []
  const early = readingDeadline(clock, () => come.push('early'), 100)
  const late = readingDeadline(clock, () => come.push('late'), 100)
  early.cancel()
  clock.advance(100)
  late.cancel()
  await new Promise(setImmediate)
  expect(come).toEqual([])
  expect(clock.pending).toBe(0)
})
