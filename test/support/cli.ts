// Runs the built command line as a person would: bin/resil.js in a process of its own. `npm run build` came before.

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { MARK_VARIABLE, mark } from './processes.ts'
import { tempDir } from './temp-dir.ts'

export { assertNoProcessLeft } from './processes.ts'
export { tempDir } from './temp-dir.ts'

const BIN = fileURLToPath(new URL('../../bin/resil.js', import.meta.url))
/** For whatever is waited for: past it, something hangs. No machine is so slow. */
export const DEADLINE_MS = 50_000

/** The Node that runs the CLI and so its workers; the test itself may run on another. */
export const NODE: string = process.env.RESIL_TEST_NODE ?? process.execPath

let runtimeDir: string | undefined
let stateDir: string | undefined

export interface CliOptions {
  readonly cwd?: string
  /** Added to a clean environment; undefined removes a variable of it. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly node?: string
  /** Another bin than the repository's, such as an installed one. */
  readonly bin?: string
  /** Leads a process group of its own, for signals to all of it: `signalGroup`. */
  readonly group?: boolean
}

export interface CliExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningCli {
  readonly pid: number
  readonly process: ChildProcess
  /** Complete lines so far. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  /** Both streams, in the order of arrival. */
  readonly lines: readonly string[]
  /** The first line, past or coming, of either stream that matches; from the `from`th of `lines` on. */
  waitForLine(pattern: RegExp | string, deadlineMs?: number, from?: number): Promise<string>
  /** Signals it and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<CliExit>
  /** Only with `group`. */
  signalGroup(signal: NodeJS.Signals): void
  readonly exit: Promise<CliExit>
}

/** What each process of the tests gets: nothing of the developer's own environment but PATH. */
export function cliEnv(extra: CliOptions['env'] = {}): Record<string, string> {
  runtimeDir ??= tempDir()
  stateDir ??= tempDir()
  const all = {
    PATH: process.env.PATH,
    RESIL_RUNTIME_DIR: runtimeDir,
    RESIL_STATE_DIR: stateDir,
    [MARK_VARIABLE]: mark,
    ...extra,
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const child = spawn(options.node ?? NODE, [options.bin ?? BIN, ...args], {
    cwd: options.cwd ?? tempDir(),
    env: cliEnv(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.group ?? false,
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`could not start ${options.node ?? NODE}`)
  const stdout: string[] = []
  const stderr: string[] = []
  const lines: string[] = []
  const watchers = new Set<() => void>()
  const changed = (): void => {
    for (const watcher of [...watchers]) watcher()
  }
  collectLines(child.stdout, [stdout, lines], changed)
  collectLines(child.stderr, [stderr, lines], changed)
  let ended = false
  const exit = new Promise<CliExit>((resolve) => {
    // 'close' comes after the last byte of output, unlike 'exit'.
    child.once('close', (code, signal) => {
      ended = true
      changed()
      resolve({ code, signal })
    })
  })

  const waitForLine = (pattern: RegExp | string, deadlineMs = DEADLINE_MS, from = 0): Promise<string> =>
    new Promise((resolve, reject) => {
      const matches = (line: string): boolean =>
        typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line)
      const give = (why: string): void => {
        finish()
        reject(new Error(`${why} before a line matched ${pattern}; output:\n${lines.join('\n')}`))
      }
      const look = (): void => {
        const line = lines.slice(from).find(matches)
        if (line !== undefined) {
          finish()
          resolve(line)
        } else if (ended) give(`resil ${args.join(' ')} ended`)
      }
      const timer = setTimeout(() => give(`${deadlineMs} ms passed`), deadlineMs)
      const finish = (): void => {
        clearTimeout(timer)
        watchers.delete(look)
      }
      watchers.add(look)
      look()
    })

  return {
    pid,
    process: child,
    stdout,
    stderr,
    lines,
    waitForLine,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return exit
    },
    signalGroup: (signal) => {
      process.kill(-pid, signal)
    },
    exit,
  }
}

/** Runs to the end. A run that takes too long is killed and fails the test with what it said. */
export async function runCli(
  args: readonly string[],
  options: CliOptions & { readonly deadlineMs?: number } = {},
): Promise<CliExit & { readonly stdout: string; readonly stderr: string }> {
  const running = startCli(args, options)
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS
  let late = false
  const timer = setTimeout(() => {
    late = true
    running.process.kill('SIGKILL')
  }, deadlineMs)
  const exit = await running.exit
  clearTimeout(timer)
  if (late) throw new Error(`resil ${args.join(' ')} took over ${deadlineMs} ms; output:\n${running.lines.join('\n')}`)
  return { ...exit, stdout: joined(running.stdout), stderr: joined(running.stderr) }
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function collectLines(stream: NodeJS.ReadableStream | null, into: readonly string[][], changed: () => void): void {
  let rest = ''
  const push = (line: string): void => {
    for (const list of into) list.push(line)
  }
  stream?.setEncoding('utf8')
  stream?.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) push(line)
    changed()
  })
  stream?.on('end', () => {
    if (rest !== '') push(rest)
    changed()
  })
}
