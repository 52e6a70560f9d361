// Node's own diagnostic report of a worker that V8 or native code ended, on request (watchdogs.fatalReport): where Node writes it,
// and what is kept of it. Node writes the environment and the command line into it, for whom its file mode allows; neither stays.

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { Evidence } from '../../events/evidence.ts'
import { REPORT_FLAGS } from '../../protocol/agent-command.ts'
import { boundFolder } from './bound-folder.ts'
import { cleanReport } from './clean-report.ts'

export interface FatalReports {
  /** The flags of Node for one more worker. None where there is no place for reports, which is told once. */
  nodeArgs(): readonly string[]
  /** Of a worker that has ended; null: it left none. */
  take(pid: number): Evidence | null
}

const MOST_REPORTS = 20
const MOST_BYTES = 64 * 1024 * 1024
/** Read and written in one go: some ten thousand open connections make so much. */
const LARGEST_BYTES = 8 * 1024 * 1024
/** As Node names them (src/node_report.cc): date, time, pid, thread, number. Others are not ours to touch. */
const RAW = /^report\.\d{8}\.\d{6}\.(\d+)\.\d+\.\d+\.json$/
const KEPT = /^fatal-\d+-\d+\.json$/

/** `stateDir`: null where nothing can be written. */
export function openFatalReports(stateDir: string | null, warn: (message: string) => void): FatalReports {
  const dir = stateDir === null ? null : join(stateDir, 'reports')
  let state: 'unused' | 'ready' | 'refused' = 'unused'

  function prepare(): void {
    try {
      if (dir === null) throw new Error('there is no state folder')
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      const found = lstatSync(dir)
      if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${dir} is no folder of ours`)
      chmodSync(dir, 0o700)
      // What a supervisor that was killed had no time for.
      for (const name of readdirSync(dir)) if (RAW.test(name)) settle(dir, name)
      state = 'ready'
    } catch (error) {
      state = 'refused'
      warn(
        `no diagnostic reports are taken of workers that end by a fatal error (${messageOf(error)}); set stateDir to a folder that can be written, and restart resil`,
      )
    }
  }

  return {
    nodeArgs() {
      if (state === 'unused') prepare()
      return dir === null || state === 'refused' ? [] : reportArgs(dir, process.allowedNodeEnvironmentFlags)
    },
    take(pid) {
      if (dir === null || state !== 'ready') return null
      try {
        const own = readdirSync(dir).filter((name) => RAW.exec(name)?.[1] === String(pid))
        const [evidence = null] = own.map((name) => settle(dir, name)).filter((each) => each !== null)
        if (evidence !== null) boundFolder(dir, KEPT, { mostFiles: MOST_REPORTS, mostBytes: MOST_BYTES })
        return evidence
      } catch (error) {
        return { kind: 'none', reason: `its diagnostic report can't be kept: ${messageOf(error)}` }
      }
    },
  }
}

/** What this Node does not know would keep it from starting. */
export function reportArgs(dir: string, known: { has(flag: string): boolean }): string[] {
  return REPORT_FLAGS.filter((flag) => known.has(flag)).map((flag) =>
    flag === '--report-directory' ? `${flag}=${dir}` : flag,
  )
}

/** The kept report in place of the one that Node wrote. null: the app's own, made through process.report, which is left as it is. */
function settle(dir: string, name: string): Evidence | null {
  const raw = join(dir, name)
  const { size, mtimeMs } = statSync(raw)
  const cleaned = size > LARGEST_BYTES ? 'too-large' : cleanReport(readFileSync(raw, 'utf8'))
  if (cleaned === 'not-fatal') return null
  if (typeof cleaned === 'string') {
    rmSync(raw, { force: true })
    return { kind: 'none', reason: `its diagnostic report ${REFUSED[cleaned]}, and was deleted` }
  }
  const file = join(dir, `fatal-${Math.floor(mtimeMs)}-${RAW.exec(name)?.[1]}.json`)
  const aside = `${file}.tmp`
  try {
    writeFileSync(aside, cleaned.text, { mode: 0o600 })
    renameSync(aside, file)
  } finally {
    rmSync(aside, { force: true })
    rmSync(raw, { force: true })
  }
  return { kind: 'report', file, ...cleaned.told }
}

const REFUSED = {
  'too-large': `has more than ${LARGEST_BYTES / 2 ** 20} MiB`,
  'cut-off': 'breaks off in the middle',
} as const
