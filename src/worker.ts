// `resil/worker`: what an app may ask of the supervisor above it. All of it works, and does nothing, where there is none,
// so that the same code runs under plain `node app.js`. What happens in the worker is the agent's part (src/agent).

import { AGENT_HANDLE, type AgentHandle, type DrainListener } from './protocol/agent-handle.ts'

export type { DrainListener, DrainNotice } from './protocol/agent-handle.ts'

const agent = (globalThis as { [AGENT_HANDLE]?: AgentHandle })[AGENT_HANDLE]

/** Whether this process is a resil worker. Always false in worker threads and in processes that a worker starts. */
export const supervised: boolean = agent !== undefined

/**
 * Tells the supervisor that this worker may get traffic: for apps with `ready.on: "message"`, or with work to do between
 * listening and being useful. The same as `process.send('ready')`. Calling it again changes nothing.
 *
 * @returns true if the supervisor was told; false without a supervisor, or when it is gone. Never throws.
 */
export function ready(): boolean {
  return agent?.ready() ?? false
}

/**
 * Runs `listener` when this worker begins to drain (reload, scale, restart or stop), at the moment when its servers stop to
 * accept: the place to stop taking jobs from a queue. What it returns is awaited before the worker ends, within the deadline.
 * Connections need no code here: resil lets requests in hand finish, asks WebSocket clients to go, and then sends the app
 * its signal (`shutdown.signal`), if the app listens for it.
 *
 * A listener added while the worker drains runs at once. One that throws or rejects is reported as a process warning, and
 * the drain goes on. Without a supervisor no listener is ever run.
 *
 * @returns a function that takes the listener back; calling it again does nothing.
 * @throws TypeError if `listener` is not a function.
 */
export function onDrain(listener: DrainListener): () => void {
  if (typeof listener !== 'function') {
    throw new TypeError(
      `onDrain(listener): listener must be a function, not ${JSON.stringify(listener) ?? typeof listener}`,
    )
  }
  return agent?.onDrain(listener) ?? (() => {})
}

/** Whether this worker drains: it takes nothing new and ends soon. False without a supervisor. */
export function isDraining(): boolean {
  return agent?.draining ?? false
}

/** The same as a live binding: true from before the first `onDrain` listener of the app runs. A copy of it stays as it was. */
export let draining: boolean = isDraining()
agent?.onDrain(() => {
  draining = true
})
