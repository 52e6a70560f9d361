// The door in this very process, which is the primary of real workers: time is turned by hand, and what the core would say of the
// app (is it kept, is a replacement due) the test says.

import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { type Clock, systemClock } from '../../src/clock.ts'
import { Cures } from '../../src/cluster-internals/cures.ts'
import type { Door } from '../../src/cluster-internals/door.ts'
import { holdTheDoor } from '../../src/cluster-internals/hold-the-door.ts'
import { MARK_VARIABLE, mark } from './processes.ts'
import { tempDir } from './temp-dir.ts'

const DEADLINE_MS = 30_000

export interface DoorUnderTest {
  readonly door: Door
  /** What the core says. */
  readonly says: { kept: boolean; due: boolean; draining: boolean }
  fork(source: string, slot?: number): Worker
  /** Forks, and waits until it listens. `node`: what runs it. */
  listening(source: string, slot?: number, node?: string): Promise<Worker>
  kill(worker: Worker): Promise<void>
  /** Ends all workers and closes the door. */
  close(): Promise<void>
}

export function doorUnderTest(clock: Clock = systemClock): DoorUnderTest {
  const says = { kept: true, due: true, draining: false }
  const workers = new Set<Worker>()
  const door = holdTheDoor({
    isKept: () => says.kept,
    mayHold: () => says.due,
    isDraining: () => says.draining,
    hasSlot: () => true,
    schedule: 'round-robin',
    cures: new Cures((message) => {
      throw new Error(message)
    }),
    clock,
  })
  const fork = (source: string, slot = 0, node = process.execPath) => {
    const exec = `${tempDir({ 'app.cjs': source })}/app.cjs`
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
    cluster.setupPrimary({ exec, execPath: node, args: [], execArgv: [], stdio: [...stdio] } as object)
    const worker = cluster.fork({ [MARK_VARIABLE]: mark })
    workers.add(worker)
    door.watch(worker, { app: 'shop', slot, sticky: false, reusePort: false })
    worker.on('error', () => {})
    return worker
  }
  const kill = async (worker: Worker) => {
    workers.delete(worker)
    if (worker.process.exitCode !== null || worker.process.signalCode !== null) return
    const ended = once(worker.process, 'exit')
    worker.process.kill('SIGKILL')
    await ended
    // 'disconnect' may never come; Node has then let go of the worker when its exit came.
    await until(() => cluster.workers?.[worker.id] === undefined, 'Node lets go of the worker')
  }
  return {
    door,
    says,
    fork,
    listening: async (source, slot, node) => {
      const worker = fork(source, slot, node)
      await once(worker, 'listening')
      return worker
    },
    kill,
    close: async () => {
      says.kept = false
      for (const worker of [...workers]) await kill(worker)
      door.close()
    },
  }
}

export interface Visitor {
  readonly socket: Socket
  /** The body of the answer, or 'closed' where the connection ended without one. */
  readonly outcome: Promise<string>
  settled: boolean
}

/** Connects, and asks at once. Rejects where the connection is refused. */
export async function visit(where: number | string): Promise<Visitor> {
  const socket = typeof where === 'string' ? connect(where) : connect(where, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  const outcome = new Promise<string>((resolve) => {
    socket.on('error', () => {})
    socket.on('close', () => resolve(/\r\n\r\n(.+)$/.exec(text)?.[1] ?? 'closed'))
  })
  const visitor: Visitor = { socket, outcome, settled: false }
  void outcome.then(() => {
    visitor.settled = true
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.write('GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')
  return visitor
}

export async function until(holds: () => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    // A turn of the event loop, which is what is waited for.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export const descriptors = (): number => readdirSync('/proc/self/fd').length
