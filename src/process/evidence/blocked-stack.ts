// The stack of a main thread that runs or blocks right now: paused by its own debugger, read, and let go.

import { stackOf } from '../../events/call-frames.ts'
import type { StackFrame } from '../../events/evidence.ts'
import { closeInPause, pauseDebugger } from './close-from-outside.ts'
import { openInspectorSession } from './inspector-session.ts'

/** Innermost first. Closes the inspector behind it. Rejects where there is none within the time that `signal` gives. */
export async function readStack(url: string, signal: AbortSignal): Promise<StackFrame[]> {
  const session = await openInspectorSession(url, signal)
  try {
    const scripts = new Map<string, string>()
    session.on('Debugger.scriptParsed', (params) => {
      const { scriptId, url: source } = params as { scriptId: string; url: string }
      if (source !== '') scripts.set(scriptId, source)
    })
    const { callFrames } = await pauseDebugger(session)
    await closeInPause(session)
    return stackOf(callFrames, scripts)
  } finally {
    session.close()
  }
}
