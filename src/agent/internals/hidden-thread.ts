// Starts a thread that the app can't see: it is told of by no event, keeps nothing alive, and runs none of the app's preloads.

import { closeSync } from 'node:fs'
import type { WorkerOptions } from 'node:worker_threads'

/** Scripts of the app are listed to it, one message each; a heap that runs full ends the thread and nothing else. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 }

/** `fd` is the thread's to close. Where no thread may be started (Node's permission model) it is closed, so that nobody waits. */
export function startHiddenThread(file: string, fd: number): void {
  // Fetched here: workers without such a thread don't load it.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const options: WorkerOptions = {
    workerData: { fd },
    // Else it would inherit --require and --import, and NODE_OPTIONS with it.
    execArgv: [],
    env: {},
    argv: [],
    // Else Node pipes them into process.stdout and stderr, and makes those for it.
    stdout: true,
    stderr: true,
    resourceLimits: HEAP_LIMITS,
  }
  try {
    const thread = withoutEvent(() => new Worker(file, options))
    // It is missed when it is asked, and not before.
    thread.on('error', () => {})
    thread.unref()
  } catch {
    closeSync(fd)
  }
}

/**
 * Node emits 'worker' on process in the tick after the constructor (lib/internal/worker.js). Ticks run in order: for this one, and
 * no other, `process.emit` keeps that to itself.
 */
function withoutEvent<Thread>(start: () => Thread): Thread {
  let own: PropertyDescriptor | undefined
  process.nextTick(() => {
    own = Object.getOwnPropertyDescriptor(process, 'emit')
    const { emit } = process
    const value = (...args: unknown[]): unknown => args[0] !== 'worker' && Reflect.apply(emit, process, args)
    Object.defineProperty(process, 'emit', { value, configurable: true, writable: true })
  })
  try {
    return start()
  } finally {
    process.nextTick(() => {
      Reflect.deleteProperty(process, 'emit')
      if (own !== undefined) Object.defineProperty(process, 'emit', own)
    })
  }
}
