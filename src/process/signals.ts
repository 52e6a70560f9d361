// Signals of the supervisor become inputs (DESIGN 4). Handlers only enqueue.

import { closeSync, openSync } from 'node:fs'
import type { ResilEvent } from '../events/events.ts'
import type { Input } from '../supervisor/inputs.ts'

export interface SignalTargets {
  readonly apps: () => readonly string[]
  readonly submit: (input: Input) => void
  /** Re-reads the config and reloads every app. */
  readonly reloadAll: () => void
  readonly publish: (event: ResilEvent) => void
}

/** Returns the way to stop listening. */
export function listenForSignals({ apps, submit, reloadAll, publish }: SignalTargets): () => void {
  const terminal = hasTerminal()
  let stopsAsked = 0

  const stop = (signal: NodeJS.Signals): void => {
    stopsAsked += 1
    const force = stopsAsked > 1
    publish({ type: 'supervisor.signalled', signal, action: force ? 'force-stop' : 'stop' })
    submit({ type: 'stop.requested', app: null, slot: null, cause: signal, force })
  }
  const hangUp = (signal: NodeJS.Signals): void => {
    // From a terminal it means that the terminal is gone; without one it is the daemon's old word for "read your config again".
    if (terminal) return stop(signal)
    publish({ type: 'supervisor.signalled', signal, action: 'reload' })
    reloadAll()
  }
  const scale = (signal: NodeJS.Signals, count: number): void => {
    const [only, ...more] = apps()
    const known = only !== undefined && more.length === 0
    const action = known ? (count > 0 ? 'scale-up' : 'scale-down') : 'ignored'
    publish({ type: 'supervisor.signalled', signal, action })
    if (known) submit({ type: 'scale.requested', app: only, to: { by: 'relative', count }, request: signal })
  }

  const handlers: Partial<Record<NodeJS.Signals, (signal: NodeJS.Signals) => void>> = {
    SIGTERM: stop,
    SIGINT: stop,
    SIGHUP: hangUp,
    SIGTTIN: (signal) => scale(signal, 1),
    SIGTTOU: (signal) => scale(signal, -1),
    // Without a listener it would end the supervisor. Self-upgrade is not available yet.
    SIGUSR2: (signal) => publish({ type: 'supervisor.signalled', signal, action: 'ignored' }),
  }
  const listened = Object.entries(handlers) as [NodeJS.Signals, (signal: NodeJS.Signals) => void][]
  for (const [signal, handler] of listened) process.on(signal, handler)
  return () => {
    for (const [signal, handler] of listened) process.off(signal, handler)
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
