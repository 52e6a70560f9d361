// Closes a worker's inspector through itself. In the pause of the debugger the main thread runs what it is asked to, also in
// the middle of a loop that never ends; and a paused program that loses its inspector goes on.

import { setTimeout as pause } from 'node:timers/promises'
import type { CallFrame } from '../../events/call-frames.ts'
import { type InspectorSession, openInspectorSession } from './inspector-session.ts'

const CLOSE = "process.getBuiltinModule('node:inspector').close()"
const CLOSES_WITHIN_MS = 1_000

/** The session's debugger is paused. Settles when the connection has ended. */
export async function closeInPause(session: InspectorSession): Promise<void> {
  // No answer comes: the connection ends first.
  const refused = session.ask('Runtime.evaluate', { expression: CLOSE, silent: true }).catch(() => {})
  void refused
  await Promise.race([session.closed, pause(CLOSES_WITHIN_MS, undefined, { ref: false })])
  session.close()
}

/** Never rejects: what can't be reached is closed, or has ended. */
export async function closeFromOutside(url: string, signal: AbortSignal): Promise<void> {
  try {
    const session = await openInspectorSession(url, AbortSignal.any([signal, AbortSignal.timeout(CLOSES_WITHIN_MS)]))
    await pauseDebugger(session)
    await closeInPause(session)
  } catch {
    // The agent has closed it meanwhile, or the worker is gone.
  }
}

/** Where it stands, innermost call first. */
export interface Paused {
  readonly callFrames: readonly CallFrame[]
}

/** Resolves when the main thread stands still, at the next JavaScript that it runs. */
export function pauseDebugger(session: InspectorSession): Promise<Paused> {
  return new Promise((resolve, reject) => {
    session.on('Debugger.paused', (params) => resolve(params as Paused))
    void session.closed.then(() => reject(new Error('the inspector closed the connection before it paused')))
    session.ask('Debugger.enable').catch(reject)
    session.ask('Debugger.pause').catch(reject)
  })
}
