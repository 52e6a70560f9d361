// Runs a hook's command: JSON on stdin, a limit on its time, and nothing of it left behind. What it says on stdout is its own.

import { spawn } from 'node:child_process'
import type { Clock } from '../../clock.ts'
import { duration } from '../../events/words.ts'

const MOST_STDERR_CHARS = 4_000
/** After its end, for the last of what it said. */
const STDERR_GRACE_MS = 200

export interface CommandRun {
  /** null: it went well. Else why not, as a clause. */
  readonly result: Promise<string | null>
  kill(): void
}

export function runCommand(options: {
  readonly command: readonly string[]
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

  const result = new Promise<string | null>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      timer.cancel()
      resolve(`could not be started (${error.code ?? error.message})`)
    })
    child.once('exit', (code, signal) => {
      timer.cancel()
      kill()
      const settle = (): void => {
        grace.cancel()
        child.stderr.destroy()
        resolve(late ? `took longer than ${duration(timeoutMs)} and was killed` : wordsOf(code, signal, stderr))
      }
      const grace = clock.setTimeout(settle, STDERR_GRACE_MS)
      child.stderr.once('close', settle)
    })
  })
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-MOST_STDERR_CHARS)
  })
  // It may end without having read all of it, or any.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return { result, kill }
}

function wordsOf(code: number | null, signal: string | null, stderr: string): string | null {
  if (code === 0) return null
  const last = stderr.trimEnd().split('\n').at(-1)?.trim() ?? ''
  const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`
  return last === '' ? how : `${how}: ${last}`
}
