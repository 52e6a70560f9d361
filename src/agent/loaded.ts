// When the entry has been evaluated, without a hook that an app could see. A timer fires for the first time after the main
// script ran, if that is CommonJS. An ES module is evaluated later, and its top-level await later still:
// - Node >= 22.4 publishes every import, the entry's too, which alone has no parent (lib/internal/modules/esm/loader.js);
// - Node 20 has a listener of its own on 'exit' as long as the entry is pending (handleProcessExit in lib/internal/modules/run_main.js).
// A Node with neither gets the timer's word. An entry that throws ends the process before; where the app survives that with an
// uncaughtException listener, it counts as evaluated.

import diagnostics from 'node:diagnostics_channel'

const IMPORT_BEGUN = 'tracing:module.import:start'
const IMPORT_ENDED = 'tracing:module.import:asyncEnd'
const FIRST_LOOK_MS = 1
const LONGEST_WAIT_MS = 500

interface Import {
  readonly parentURL?: string
  readonly error?: unknown
}

export function whenLoaded(run: () => void): void {
  let importsBegun = false
  let entry: 'pending' | 'evaluated' | 'failed' = 'pending'
  const begun = () => {
    importsBegun = true
  }
  const ended = (message: unknown) => {
    const { parentURL, error } = message as Import
    if (parentURL === undefined && entry === 'pending') entry = error === undefined ? 'evaluated' : 'failed'
  }
  diagnostics.subscribe(IMPORT_BEGUN, begun)
  diagnostics.subscribe(IMPORT_ENDED, ended)
  const stop = () => {
    diagnostics.unsubscribe(IMPORT_BEGUN, begun)
    diagnostics.unsubscribe(IMPORT_ENDED, ended)
  }
  const look = (waitedMs: number) => {
    const pending = importsBegun ? entry === 'pending' : isPendingOnNode20()
    if (process.mainModule === undefined && pending) {
      setTimeout(look, waitedMs, Math.min(2 * waitedMs, LONGEST_WAIT_MS)).unref()
      return
    }
    stop()
    if (entry !== 'failed') run()
  }
  // A worker that has nothing to do but this ends without saying that it was loaded.
  setTimeout(look, FIRST_LOOK_MS, FIRST_LOOK_MS).unref()
}

function isPendingOnNode20(): boolean {
  return process.listeners('exit').some((listener) => listener.name === 'handleProcessExit')
}
