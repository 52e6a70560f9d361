// `resil start -d`: starts a supervisor with a session of its own, waits until it is ready or has failed, and leaves it.

import { spawn } from 'node:child_process'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { lineReader } from '../../control/lines.ts'
import { ResilError, type ResilErrorCode } from '../../errors.ts'
import { describe } from '../../events/describe.ts'
import { EXIT, signalExitCode } from '../../exit-codes.ts'
import type { CliContext } from '../context.ts'
import { leave } from '../interrupt.ts'
import type { TypedLine } from '../typed-line.ts'
import { type BootOutcome, type BootProgress, watchBoot } from './boot-outcome.ts'
import type { ReportLine } from './report.ts'

const REPORT_FD = 3
const MAX_LINE_BYTES = 4 * 1024 * 1024
/** Of the log, when a start fails: the app's own error is in there. */
const MAX_SHOWN_BYTES = 16 * 1024

/** What goes wrong beside the boot itself. */
const TOLD: readonly string[] = ['supervisor.warned', 'admin.listenFailed']

type Placed = Extract<ReportLine, { type: 'placed' }>

type Ended =
  | { readonly by: 'outcome'; readonly outcome: BootOutcome }
  | { readonly by: 'failure'; readonly error: ResilError }
  | { readonly by: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly by: 'interrupt' }

export async function startInBackground(typed: TypedLine, context: CliContext): Promise<number> {
  const [node = process.execPath, ...self] = context.self
  const app = typed.app.length === 0 ? [] : ['--', ...typed.app]
  const child = spawn(node, [...self, 'start', '--report-fd', String(REPORT_FD), ...typed.own.slice(1), ...app], {
    cwd: context.cwd,
    env: { ...context.env },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const report = child.stdio[REPORT_FD] as Readable
  const interrupted = context.interrupted()
  let placed: Placed | undefined
  let progress: BootProgress | undefined

  const ended = await new Promise<Ended>((resolve, reject) => {
    const onLine = (text: string): void => {
      const line = JSON.parse(text) as ReportLine
      if (line.type === 'failed') {
        resolve({ by: 'failure', error: new ResilError(line.code as ResilErrorCode, line.message, line) })
      } else if (line.type === 'placed') {
        placed = line
        progress = watchBoot(line.apps)
      } else {
        if (TOLD.includes(line.event.type)) context.stderr.write(`resil: ${describe(line.event)}\n`)
        const outcome = progress?.add(line.event)
        if (outcome !== undefined) resolve({ by: 'outcome', outcome })
      }
    }
    report.on('data', lineReader({ maxBytes: MAX_LINE_BYTES, onLine, onTooLong: () => {} }))
    report.on('error', reject)
    child.once('error', reject)
    // After the report has been read to its end, so that a failure that was told is heard.
    child.once('close', (code, signal) => resolve({ by: 'exit', code, signal }))
    interrupted.addEventListener('abort', () => resolve({ by: 'interrupt' }), { once: true })
  })

  report.destroy()
  child.unref()
  return conclude(ended, placed, child.pid ?? 0, context)
}

function conclude(ended: Ended, placed: Placed | undefined, pid: number, context: CliContext): number {
  const name = placed?.name ?? 'the supervisor'
  switch (ended.by) {
    case 'failure':
      throw ended.error
    case 'interrupt':
      return leave(
        context,
        // Before it has said its name nothing but its process is known; it may not even have a socket yet.
        `${name} goes on in the background (pid ${pid}): \`${placed === undefined ? `kill ${pid}` : `resil stop ${name}`}\` ends it`,
      )
    case 'exit': {
      if (placed !== undefined) context.stderr.write(logSince(placed))
      const how = ended.signal === null ? `exited with code ${ended.code}` : `was killed by ${ended.signal}`
      context.stderr.write(`resil: ${name} did not start: it ${how}\n`)
      return ended.signal === null ? (ended.code ?? EXIT.failed) : signalExitCode(ended.signal)
    }
    case 'outcome': {
      const { ok, lines } = ended.outcome
      const output = ok ? context.stdout : context.stderr
      if (!ok && placed !== undefined) output.write(logSince(placed))
      output.write(`${name} runs in the background (pid ${pid})\n`)
      for (const line of lines) output.write(`  ${line}\n`)
      output.write(`  socket ${placed?.socket}\n  log    ${placed?.logFile}, or \`resil logs ${name} -f\`\n`)
      output.write(`  stop   \`resil stop ${name}\`\n`)
      return ok ? EXIT.ok : EXIT.failed
    }
  }
}

/** What was logged since the start, its end where it is long. */
function logSince({ logFile, logFrom }: Placed): string {
  try {
    const { size } = statSync(logFile)
    // Rotated meanwhile: all of it is new.
    const from = Math.max(size < logFrom ? 0 : logFrom, size - MAX_SHOWN_BYTES)
    const buffer = Buffer.alloc(size - from)
    const fd = openSync(logFile, 'r')
    readSync(fd, buffer, 0, buffer.length, from)
    closeSync(fd)
    return buffer.toString('utf8')
  } catch {
    return ''
  }
}
