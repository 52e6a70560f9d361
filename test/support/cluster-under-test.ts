// A bare cluster primary and its workers, driven from a test. What happens is kept in order, and waited for with a deadline:
// nothing here sleeps. Its other half, inside the primary, is bare-primary.ts.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './bare-primary.ts'
import { MARK_VARIABLE, mark } from './processes.ts'

const DEADLINE_MS = 30_000

export interface ForkOptions {
  /** null: no agent. */
  readonly agent: string | null
  readonly args?: readonly string[]
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly app?: string
  readonly slot?: number
  readonly sticky?: boolean
  readonly reusePort?: boolean
}

export interface DrainOptions {
  readonly deadlineMs?: number
  readonly idleWaitMs?: number
  readonly signal?: string
}

export interface ProbeOptions {
  readonly endpoint?: string | null
  readonly timeoutMs?: number
}

export const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))

type Seen<Kind extends Report['saw']> = Extract<Report, { saw: Kind }>

export class ClusterUnderTest {
  readonly reports: Report[] = []
  readonly #primary: ChildProcess
  readonly #ended: Promise<void>
  #waiting = new Set<() => void>()
  #forks = 0
  #counts = 0

  constructor(
    primaryScript: string,
    options: { readonly node?: string; readonly env?: Readonly<Record<string, string>> } = {},
  ) {
    this.#primary = spawn(options.node ?? process.execPath, [primaryScript], {
      // A clean environment, as a service has one.
      env: { PATH: process.env.PATH ?? '', [MARK_VARIABLE]: mark, ...options.env },
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    })
    this.#primary.stdin?.on('error', () => {})
    this.#ended = new Promise((resolve) => this.#primary.once('exit', () => resolve()))
    if (!this.#primary.stdout) throw new Error('the primary has no stdout')
    createInterface({ input: this.#primary.stdout }).on('line', (line) => {
      this.reports.push(JSON.parse(line))
      for (const look of this.#waiting) look()
    })
  }

  /** The process group of primary and workers, as a terminal would have it. */
  get group(): number {
    return this.pid
  }

  get pid(): number {
    if (this.#primary.pid === undefined) throw new Error('the primary could not be started')
    return this.#primary.pid
  }

  async fork(entry: string, options: ForkOptions): Promise<WorkerUnderTest> {
    this.#forks += 1
    const id = this.#forks
    const execArgv = [...(options.agent === null ? [] : ['--require', options.agent]), ...(options.execArgv ?? [])]
    const { args = [], env = {}, app = null, slot = null, sticky = false, reusePort = false } = options
    this.order({ do: 'fork', id, entry, args, execArgv, env, app, slot, sticky, reusePort })
    const forked = await this.until('forked', (report) => report.id === id)
    return new WorkerUnderTest(this, id, forked.pid)
  }

  order(order: Order): void {
    this.#primary.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  /** The first report, past or coming, of the kind that fits. */
  until<Kind extends Report['saw']>(
    kind: Kind,
    fits: (report: Seen<Kind>) => boolean = () => true,
    deadlineMs = DEADLINE_MS,
  ): Promise<Seen<Kind>> {
    const find = () =>
      this.reports.find((report): report is Seen<Kind> => report.saw === kind && fits(report as Seen<Kind>))
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find()
        if (!found) return
        this.#waiting.delete(look)
        clearTimeout(timer)
        resolve(found)
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(look)
        const last = this.reports.filter((report) => !(report.saw === 'said' && report.act === 'beat')).slice(-20)
        const told = last.map((report) => JSON.stringify(report)).join('\n')
        reject(new Error(`no '${kind}' within ${deadlineMs} ms; what happened last:\n${told}`))
      }, deadlineMs)
      this.#waiting.add(look)
      look()
    })
  }

  /** What the door and the primary's descriptors count up to now. */
  count(): Promise<Seen<'counted'>> {
    this.#counts += 1
    const tag = String(this.#counts)
    this.order({ do: 'count', tag })
    return this.until('counted', (report) => report.tag === tag)
  }

  /** The supervisor dies. Its workers report nothing from here on. */
  async kill(): Promise<void> {
    this.#primary.kill('SIGKILL')
    await this.#ended
  }

  async close(): Promise<void> {
    for (const report of this.reports) {
      const gone =
        report.saw === 'forked' && this.reports.some((other) => other.saw === 'exit' && other.id === report.id)
      if (report.saw === 'forked' && !gone) killIfAlive(report.pid)
    }
    await this.kill()
  }
}

export class WorkerUnderTest {
  readonly #cluster: ClusterUnderTest
  readonly id: number
  readonly pid: number

  constructor(cluster: ClusterUnderTest, id: number, pid: number) {
    this.#cluster = cluster
    this.id = id
    this.pid = pid
  }

  listening(fits: (port: number) => boolean = () => true): Promise<Seen<'listening'>> {
    return this.#cluster.until('listening', (report) => report.id === this.id && fits(report.port))
  }

  async port(): Promise<number> {
    return (await this.listening()).port
  }

  exit(deadlineMs?: number): Promise<Seen<'exit'>> {
    return this.#cluster.until('exit', (report) => report.id === this.id, deadlineMs)
  }

  async said(act: string, fits: (message: Record<string, unknown>) => boolean = () => true) {
    const isIt = (report: Seen<'said'>) => report.id === this.id && report.act === act && fits(report.message)
    return (await this.#cluster.until('said', isIt)).message
  }

  async line(pattern: RegExp): Promise<string> {
    return (await this.#cluster.until('output', (report) => report.id === this.id && pattern.test(report.line))).line
  }

  /** So far. */
  seen<Kind extends Report['saw']>(kind: Kind): Seen<Kind>[] {
    return this.#cluster.reports.filter(
      (report): report is Seen<Kind> => report.saw === kind && 'id' in report && report.id === this.id,
    )
  }

  say(message: object): void {
    this.#cluster.order({ do: 'say', id: this.id, message })
  }

  drain({ deadlineMs = 10_000, idleWaitMs = 1_000, signal = 'SIGTERM' }: DrainOptions = {}): void {
    this.say({ act: 'drain', deadlineMs, idleWaitMs, signal })
  }

  rotate(inRotation: boolean): void {
    this.#cluster.order({ do: 'rotate', id: this.id, inRotation })
  }

  /** What came back over a connection to this worker alone, or why there was none. */
  async probe({ endpoint = null, timeoutMs = 5_000 }: ProbeOptions = {}): Promise<string> {
    const before = this.seen('probed').length
    this.#cluster.order({ do: 'probe', id: this.id, endpoint, timeoutMs })
    await this.#cluster.until('probed', () => this.seen('probed').length > before)
    return this.seen('probed')[before]?.result ?? ''
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** Whatever it is up to: also where it has just ended by itself. */
  async end(): Promise<void> {
    killIfAlive(this.pid)
    await this.exit()
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended before its end could be reported.
  }
}
