// The stack of a main thread that runs or blocks right now: paused by its own debugger, read, and let go.

import type { StackFrame } from '../../events/evidence.ts'
import { sourceFile } from '../../events/source-file.ts'
import { closeInPause, pauseDebugger } from './close-from-outside.ts'
import { openInspectorSession } from './inspector-session.ts'

/** Endless recursion has thousands; the innermost tell. */
const MOST_FRAMES = 100

/** Innermost first. Closes the inspector behind it. Rejects where there is none within the time that `signal` gives. */
export async function readStack(url: string, signal: AbortSignal): Promise<StackFrame[]> {
  const session = await openInspectorSession(url, signal)
  try {
    // The frames' own url is empty, on every Node.
    const scripts = new Map<string, string>()
    session.on('Debugger.scriptParsed', (params) => {
      const { scriptId, url: source } = params as { scriptId: string; url: string }
      if (source !== '') scripts.set(scriptId, source)
    })
    const { callFrames } = await pauseDebugger(session)
    await closeInPause(session)
    return callFrames.slice(0, MOST_FRAMES).map(({ functionName, location }) => ({
      name: functionName,
      file: sourceFile(scripts.get(location.scriptId)),
      line: location.lineNumber + 1,
      column: location.columnNumber === undefined ? null : location.columnNumber + 1,
    }))
  } finally {
    session.close()
  }
}
