// A supervised service for the integration tests: the built CLI on a fixture, a free port, and resil's own events read from its log.

import http from 'node:http'
import { fileURLToPath } from 'node:url'
import type { PublishedEvent } from '../../src/events/events.ts'
import type { StatusDocument } from '../../src/protocol/status.ts'
import { type CliOptions, DEADLINE_MS, type RunningCli, runCli, startCli, tempDir } from './cli.ts'
import { freePort } from './free-port.js'

export { freePort } from './free-port.js'

type EventOf<T extends PublishedEvent['type']> = Extract<PublishedEvent, { type: T }>

export interface Service extends RunningCli {
  readonly port: number
  readonly cwd: string
  /** Its own runtime folder: `resil` run with it finds this supervisor only. */
  readonly env: Readonly<Record<string, string>>
  events<T extends PublishedEvent['type']>(type: T): EventOf<T>[]
  /** The first event, past or coming, of a type for which `accept` holds. */
  event<T extends PublishedEvent['type']>(
    type: T,
    accept?: (event: EventOf<T>) => boolean,
    deadlineMs?: number,
  ): Promise<EventOf<T>>
  /** Runs another resil command against it. */
  resil(args: readonly string[]): ReturnType<typeof runCli>
  status(): Promise<StatusDocument>
  get(path?: string): Promise<string>
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
}

export async function startService(
  entry: string | null,
  options: CliOptions & {
    readonly args?: readonly string[]
    readonly appArgs?: readonly string[]
    readonly port?: number
  } = {},
): Promise<Service> {
  const port = options.port ?? (await freePort())
  const cwd = options.cwd ?? tempDir()
  const env = { RESIL_RUNTIME_DIR: tempDir(), PORT: String(port), RESIL_LOG_LEVEL: 'debug', ...options.env } as Record<
    string,
    string
  >
  const args = ['start', ...(entry === null ? [] : [entry]), '--json-logs', ...(options.args ?? [])]
  if (options.appArgs !== undefined) args.push('--', ...options.appArgs)
  const cli = startCli(args, { ...options, cwd, env })
  const runOptions = { cwd, env, ...(options.node === undefined ? {} : { node: options.node }) }

  function events<T extends PublishedEvent['type']>(type: T): EventOf<T>[] {
    return cli.lines.flatMap((line) => eventOn(line, type))
  }

  return {
    ...cli,
    port,
    cwd,
    env,
    events,
    event: async (type, accept = () => true, deadlineMs = DEADLINE_MS) => {
      const isIt = { test: (line: string) => eventOn(line, type).some(accept) } as RegExp
      const [event] = eventOn(await cli.waitForLine(Object.assign(isIt, { toString: () => type }), deadlineMs), type)
      return event as EventOf<typeof type>
    },
    resil: (command) => runCli(command, runOptions),
    status: async () => {
      const { stdout } = await runCli(['status', '--json'], runOptions)
      return JSON.parse(stdout) as StatusDocument
    },
    get: (path = '/') => get(port, path),
  }
}

function eventOn<T extends PublishedEvent['type']>(line: string, type: T): EventOf<T>[] {
  if (!line.includes(`"${type}"`)) return []
  try {
    const { event } = JSON.parse(line) as { event?: PublishedEvent }
    return event?.type === type ? [event as EventOf<T>] : []
  } catch {
    return []
  }
}

/** One request on a connection of its own; the body. Rejects where the connection is refused or cut. */
export function get(port: number, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => resolve(body))
        response.on('error', reject)
      })
      .on('error', reject)
  })
}
