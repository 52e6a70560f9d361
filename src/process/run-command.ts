// Runs a command of the user's, for a probe or a hook: a limit on its time, and nothing of it left behind. What its end means is
// the caller's affair; what it says on stdout is its own.

import { spawn } from 'node:child_process'
import type { Clock } from '../clock.ts'
import { readingDeadline } from './reading-deadline.ts'

const MOST_STDERR_CHARS = 4_000
/** After its end, for the last of what it said. */
const STDERR_GRACE_MS = 200

export type CommandEnd =
  | { readonly how: 'not-started'; readonly code: string }
  | { readonly how: 'late' }
  | { readonly how: 'exited'; readonly code: number | null; readonly signal: string | null; readonly stderr: string }

export interface CommandRun {
  readonly ended: Promise<CommandEnd>
  /** With all that it has started. Safe to repeat. */
  kill(): void
}

export function runCommand(options: {
  readonly command: readonly string[]
  /** For its stdin. */
  readonly input: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
  readonly clock: Clock
}): CommandRun {
  const { command, input, timeoutMs, clock } = options
  const [file = '', ...args] = command
  // A group of its own: what it starts is ended with it, and a Ctrl-C at the terminal is not for it.
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...options.env },
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let late = false
  let stderr = ''
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // Nobody of the group is left.
    }
  }
  const timer = clock.setTimeout(() => {
    late = true
    kill()
  }, timeoutMs)

  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      timer.cancel()
      resolve({ how: 'not-started', code: error.code ?? error.message })
    })
    child.once('exit', (code, signal) => {
      timer.cancel()
      kill()
      const settle = (): void => {
        grace.cancel()
        child.stderr.destroy()
        resolve(late ? { how: 'late' } : { how: 'exited', code, signal, stderr })
      }
      const grace = readingDeadline(clock, settle, STDERR_GRACE_MS)
      // It may have been read to its end before the exit is known.
      if (child.stderr.closed) settle()
      else child.stderr.once('close', settle)
    })
  })
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-MOST_STDERR_CHARS)
  })
  child.stderr.on('error', () => {})
  // It may end without having read all of it, or any.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return { ended, kill }
}
