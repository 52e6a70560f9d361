// Takes the deadly default away from a signal without a listener that the app could count.
//
// Node makes a `Signal` handle for each signal that has a listener (lib/internal/process/signal.js); one handle more means
// that the kernel's default action is off. The class is not exported: process.binding('signal_wrap') has it up to Node 22
// only, so it is taken from the handle that Node creates for a listener, which an async hook is shown.
// Where that shows nothing, signals keep their default action.

import { createHook } from 'node:async_hooks'
import { constants } from 'node:os'

interface SignalHandle {
  unref(): void
  start(signal: number): number
  close(): void
  onsignal: () => void
}

/** Returns a function that gives the signals their default action back. */
export function ignoreSignals(signals: readonly NodeJS.Signals[]): () => void {
  const Signal = signalHandleClass()
  if (Signal === null) return () => {}
  const handles = signals.flatMap((signal) => {
    const handle = new Signal()
    // Or it would keep a worker alive that has nothing left to do.
    handle.unref()
    handle.onsignal = () => {}
    if (handle.start(constants.signals[signal]) === 0) return [handle]
    handle.close()
    return []
  })
  return () => {
    for (const handle of handles.splice(0)) handle.close()
  }
}

function signalHandleClass(): (new () => SignalHandle) | null {
  let found: (new () => SignalHandle) | null = null
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'SIGNALWRAP') found = resource.constructor as new () => SignalHandle
    },
  })
  // SIGCONT: harmless whether there is a listener or not, and rarely one that somebody waits for.
  const probe = () => {}
  hook.enable()
  process.on('SIGCONT', probe)
  process.removeListener('SIGCONT', probe)
  hook.disable()
  return found
}
