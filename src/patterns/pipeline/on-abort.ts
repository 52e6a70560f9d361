// All who wait for one signal share one listener of it. A signal of a whole server (its shutdown, its deadline) is waited for by
// thousands of calls: Node 20 warns of a leak at the eleventh listener, and takes one out by walking through all of them.

const waiting = new WeakMap<AbortSignal, Waiters>()

class Waiters {
  private readonly signal: AbortSignal
  private readonly runs = new Set<() => void>()
  private readonly listener = (): void => {
    // Whoever is taken out by the one before is not run any more.
    for (const run of [...this.runs]) {
      if (!this.runs.has(run)) continue
      this.delete(run)
      run()
    }
  }

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  add(run: () => void): void {
    if (this.runs.size === 0) this.signal.addEventListener('abort', this.listener)
    this.runs.add(run)
  }

  delete(run: () => void): void {
    if (this.runs.delete(run) && this.runs.size === 0) this.signal.removeEventListener('abort', this.listener)
  }
}

/** Runs it once, when the signal is aborted. */
export function onAbort(signal: AbortSignal, run: () => void): void {
  let waiters = waiting.get(signal)
  if (waiters === undefined) {
    waiters = new Waiters(signal)
    waiting.set(signal, waiters)
  }
  waiters.add(run)
}

export function offAbort(signal: AbortSignal, run: () => void): void {
  waiting.get(signal)?.delete(run)
}
