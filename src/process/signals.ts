// Signals of the supervisor become inputs. Handlers only enqueue.

import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { ResilEvent } from '../events/events.ts'
import type { Input } from '../supervisor/inputs.ts'

/**
 * One wish to stop often arrives twice: timeout(1) signals its command and then the group, npm passes on the Ctrl-C that the
 * terminal has sent to all, a shell the hang-up that the kernel has sent. Longer than those take, shorter than any second thought.
 */
const ECHO_MS = 300

export interface SignalTargets {
  readonly clock: Pick<Clock, 'now'>
  readonly apps: () => readonly string[]
  readonly submit: (input: Input) => void
  /** Re-reads the config and reloads every app. */
  readonly reloadAll: () => void
  readonly publish: (event: ResilEvent) => void
}

/** Returns the way to stop listening. */
export function listenForSignals({ clock, apps, submit, reloadAll, publish }: SignalTargets): () => void {
  const terminal = hasTerminal()
  let stopAskedAt: number | null = null

  const stop = (signal: NodeJS.Signals): void => {
    const force = stopAskedAt !== null
    if (stopAskedAt !== null && clock.now() - stopAskedAt < ECHO_MS) {
      publish({ type: 'supervisor.signalled', signal, action: 'stop-again' })
      return
    }
    stopAskedAt ??= clock.now()
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
    ...(ignoredFromTheStart(1) ? {} : { SIGHUP: hangUp }),
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

/** nohup: whoever started us wants the signal to do nothing, and a listener would take that back. SigIgn is a mask, bit n-1. */
function ignoredFromTheStart(signal: number): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
    return (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n
  } catch {
    return false
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
