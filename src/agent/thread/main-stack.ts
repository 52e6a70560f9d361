// Reads the main thread's stack from another thread of the same process: no signal, no port, no inspector that others could use.
// Node runs what is asked as soon as the main thread is between two steps of JavaScript, loops included.

import type { Debugger, InspectorNotification } from 'node:inspector'
import { stackOf } from '../../events/call-frames.ts'
import type { StackFrame } from '../../events/evidence.ts'

/** Innermost first. Rejects on abort; what was asked is then taken back before the main thread gets to it. */
export async function readMainStack(signal: AbortSignal): Promise<StackFrame[]> {
  // Fetched when it is needed: most workers never hang.
  const { Session } = process.getBuiltinModule('node:inspector')
  const session = new Session()
  session.connectToMainThread()
  try {
    return await new Promise<StackFrame[]>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      const scripts = new Map<string, string>()
      session.on('Debugger.scriptParsed', ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) => {
        if (params.url !== '') scripts.set(params.scriptId, params.url)
      })
      session.on('Debugger.paused', ({ params }: InspectorNotification<Debugger.PausedEventDataType>) =>
        resolve(stackOf(params.callFrames, scripts)),
      )
      const refused = (error: Error | null): void => (error === null ? undefined : reject(error))
      session.post('Debugger.enable', refused)
      session.post('Debugger.pause', refused)
    })
  } finally {
    // Also lets go a main thread that stands still, and takes back a pause that has not come about.
    session.post('Debugger.disable')
    session.disconnect()
  }
}
