// A small tree of real processes: a program that waits in spawnSync for a shell that waits for its sleep, and has detached another.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { descendantsOf, killWithDescendants } from '../../src/process/descendants.ts'
import { isAlive, startTimeOf } from '../../src/process/start-time.ts'

const PROGRAM = `
const { spawn, spawnSync } = require('node:child_process')
console.log(spawn('sleep', ['1000'], { stdio: 'ignore', detached: true }).pid)
spawnSync('sh', ['-c', 'sleep 1000 & echo $! $$; wait'], { stdio: 'inherit' })`

interface Tree {
  readonly root: ChildProcess
  readonly pid: number
  readonly detached: number
  /** The shell and its sleep. */
  readonly heldOn: readonly number[]
}

async function grow(): Promise<Tree> {
  const root = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said: string[] = []
  for (let text = ''; said.length < 3; said = text.trim().split(/\s+/)) {
    const [chunk] = await once(root.stdout as NonNullable<typeof root.stdout>, 'data')
    text += chunk
  }
  const [detached, ...heldOn] = said.map(Number)
  return { root, pid: Number(root.pid), detached: Number(detached), heldOn }
}

async function ended(pids: readonly number[]): Promise<boolean> {
  const began = pids.map((pid) => ({ pid, began: startTimeOf(pid) ?? '' }))
  const until = performance.now() + 10_000
  while (began.some(isAlive) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
  return !began.some(isAlive)
}

it('finds what a process has started, and what that has started, but nobody who was detached', async () => {
  const { root, pid, detached, heldOn } = await grow()
  expect(descendantsOf(pid).sort()).toEqual([...heldOn].sort())
  const exit = once(root, 'exit')
  expect(killWithDescendants(pid)).toBe(true)
  await exit
  expect(await ended(heldOn)).toBe(true)
  expect(startTimeOf(detached)).not.toBeNull()
  process.kill(detached, 'SIGKILL')
})

it('kills nobody for a process that has gone', async () => {
  const gone = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await once(gone, 'exit')
  expect(descendantsOf(Number(gone.pid))).toEqual([])
  expect(killWithDescendants(Number(gone.pid))).toBe(false)
})
