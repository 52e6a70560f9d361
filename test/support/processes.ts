// Which processes a test file has started, found by a mark in their environment: it survives forks, setsid and re-parenting.

import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'

export const MARK_VARIABLE = 'RESIL_TEST_MARK'

/** Put into the environment of everything that this test file spawns. */
export const mark: string = randomUUID()

const LOOK_AGAIN_MS = 20
/** The guard of a supervisor that was killed waits five seconds itself. */
const DEADLINE_MS = 30_000

export interface MarkedProcess {
  readonly pid: number
  readonly command: string
}

/** Live processes with this file's mark; zombies have no environment any more and don't count. */
export function markedProcesses(): MarkedProcess[] {
  const wanted = `${MARK_VARIABLE}=${mark}`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).split('\0').includes(wanted))
    .map((name) => ({ pid: Number(name), command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim() }))
}

/** Fails with the list of what lives on past the deadline, and ends it so that the next test starts clean. */
export async function assertNoProcessLeft(deadlineMs = DEADLINE_MS): Promise<void> {
  const until = performance.now() + deadlineMs
  // Processes of others can't be waited for: /proc is the only witness.
  while (markedProcesses().length > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
  const left = markedProcesses()
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
  expect(left, 'processes left behind').toEqual([])
}

/** A process that has gone, or may not be read, has nothing to say. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
