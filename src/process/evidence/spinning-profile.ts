// A CPU profile from outside, of a main thread whose loop does not turn: it can't profile itself.

import { setTimeout as pause } from 'node:timers/promises'
import type { CpuProfile } from '../../events/cpu-profile.ts'
import { closeInPause, type Paused, pauseDebugger } from './close-from-outside.ts'
import { type InspectorSession, openInspectorSession } from './inspector-session.ts'

/** Those that may be what spins; each costs a question. */
const FRAMES_TO_LOOSEN = 20

/** Closes the inspector behind it. Rejects where there is none within the time that `signal` gives. */
export async function profileFromOutside(url: string, durationMs: number, signal: AbortSignal): Promise<CpuProfile> {
  const session = await openInspectorSession(url, signal)
  try {
    const paused = await pauseDebugger(session)
    await session.ask('Profiler.enable')
    await session.ask('Profiler.start')
    await loosen(session, paused)
    // Lets it go on.
    await session.ask('Debugger.disable')
    await pause(durationMs, undefined, { signal })
    const { profile } = (await session.ask('Profiler.stop')) as { profile: CpuProfile }
    await pauseDebugger(session)
    await closeInPause(session)
    return profile
  } finally {
    session.close()
  }
}

/**
 * V8's profiler does not know a loop that was optimized while it ran (on-stack replacement) before the profile began, and gives
 * its time to the caller. A breakpoint in a function, though never hit and gone at once, throws its optimized code away; what
 * V8 compiles from then on is known.
 */
async function loosen(session: InspectorSession, { callFrames }: Paused): Promise<void> {
  for (const { location } of callFrames.slice(0, FRAMES_TO_LOOSEN)) {
    try {
      const set = await session.ask('Debugger.setBreakpoint', { location, condition: 'false' })
      await session.ask('Debugger.removeBreakpoint', set as { breakpointId: string })
    } catch {
      // No place for one: that frame is seen as it is.
    }
  }
}
