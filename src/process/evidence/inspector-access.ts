// Opens the inspector of one worker from outside, also while its loop is blocked, and sees to it that it is closed again: no
// port stays open. What is asked through it is others' business.
//
// SIGUSR1 makes Node open its inspector from a thread of its own (src/inspector_agent.cc). Node asks for it twice, through an
// interrupt of V8 and through the event loop; so a loop that was blocked opens it once more when it turns again, and the agent
// has to have the last word.

import { constants } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { AgentTalk } from './agent-talk.ts'
import { closeFromOutside } from './close-from-outside.ts'
import { createInspectorLines } from './inspector-lines.ts'
import { catchesSignal, tcpSocketsOf } from './read-proc.ts'

export interface InspectorAccess {
  /** What the log gets of a line of the worker's stderr; null: nothing. */
  sieve(line: string): string | null
  /** A person's debugger is connected: the worker may stand at a breakpoint. */
  attached(): boolean
  /** Why the inspector can't or must not be opened; null: it may be. */
  refusal(): string | null
  /** The address of a session of ours. Rejects on abort. */
  open(signal: AbortSignal): Promise<string>
  /** After `open`, however that ended: closes what is open now or will be. Idempotent. */
  release(): void
  /** The worker has ended. */
  close(): void
}

export interface InspectorAccessOptions {
  readonly pid: number
  /** stderr is read by us. */
  readonly captured: boolean
  /** Where the user's own flags make an inspector listen. */
  readonly usersPort: number | null
  readonly agent: AgentTalk
  /** The app listens for SIGUSR1 itself, by the agent's last word; null: not known yet. */
  readonly appListensForSigusr1: () => boolean | null
}

const SIGUSR1 = constants.signals.SIGUSR1
/** How long an agent whose loop turns may take to close it. */
const AGENT_CLOSES_WITHIN_MS = 1_000
const LOOK_EVERY_MS = 10

export function openInspectorAccess(options: InspectorAccessOptions): InspectorAccess {
  const { pid, captured, usersPort, agent } = options
  const lines = createInspectorLines(() => performance.now())
  const ended = new AbortController()
  /** A session of ours is under way. */
  let inUse = false
  /** How many times the agent has been asked to close what we opened, and has not said yet that it is done. */
  let closing = 0
  let ourPort: number | null = null
  let onUrl: (url: string) => void = () => {}
  let closer: NodeJS.Timeout | undefined

  function othersPort(): number | null {
    return lines.othersPort ?? usersPort
  }

  function attached(): boolean {
    const port = othersPort()
    return port !== null && tcpSocketsOf(pid, port).some(({ state }) => state === 'connected')
  }

  function isListening(port: number | null): boolean {
    return port !== null && tcpSocketsOf(pid, port).some(({ state }) => state === 'listening')
  }

  function refusal(): string | null {
    if (inUse || isListening(ourPort)) return 'its inspector is still open from the time before'
    if (attached()) return 'a debugger is attached to it'
    const port = othersPort()
    if (isListening(port)) {
      return `its inspector is open already, on port ${port}: connect a debugger there`
    }
    if (!catchesSignal(pid, SIGUSR1)) {
      return "SIGUSR1 would end it: the app took Node's own listener for it away, or it runs with --disable-sigusr1"
    }
    const listens = options.appListensForSigusr1()
    if (listens === true) return 'the app listens for SIGUSR1 itself, so Node opens no inspector'
    // Its own business may hang on that signal: without a word of the agent it is not sent.
    if (listens === null) return 'its entry has not been loaded, so it is not known whether the app listens for SIGUSR1'
    if (!captured && !agent.connected)
      return 'it can neither be asked to close its inspector again, nor is its stderr read'
    return null
  }

  function onListening(url: string): void {
    ourPort = Number(new URL(url).port)
    onUrl(url)
    if (!inUse) closeLater(url)
  }

  /** The agent is quicker, where its loop turns. Else this one is ours to close. */
  function closeLater(url: string): void {
    clearTimeout(closer)
    closer = setTimeout(() => void closeFromOutside(url, ended.signal), AGENT_CLOSES_WITHIN_MS)
    // The worker ends with the supervisor, and its port with it.
    closer.unref()
  }

  async function findUrl(signal: AbortSignal): Promise<string> {
    const before = new Set(listeningPorts(pid))
    process.kill(pid, 'SIGUSR1')
    for (;;) {
      const port = listeningPorts(pid).find((each) => !before.has(each))
      if (port !== undefined) {
        ourPort = port
        return listedUrl(port, signal)
      }
      await pause(LOOK_EVERY_MS, undefined, { signal })
    }
  }

  function awaitUrl(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      onUrl = resolve
      process.kill(pid, 'SIGUSR1')
    })
  }

  return {
    sieve: lines.sieve,
    attached,
    refusal,
    async open(signal) {
      signal.throwIfAborted()
      inUse = true
      lines.expect(onListening)
      return captured ? awaitUrl(signal) : findUrl(signal)
    },
    release() {
      if (!inUse) return
      inUse = false
      closing += 1
      onUrl = () => {}
      void agent.ask({ kind: 'close-inspector' }, ended.signal).then(
        () => {
          closing -= 1
          if (closing > 0 || inUse) return
          clearTimeout(closer)
          lines.unexpect(performance.now())
          ourPort = null
        },
        // It has ended, or can't be reached any more: what it opens from now on is closed from outside.
        () => {},
      )
    },
    close() {
      ended.abort()
      clearTimeout(closer)
    },
  }
}

function listeningPorts(pid: number): number[] {
  return tcpSocketsOf(pid).flatMap(({ port, state }) => (state === 'listening' ? [port] : []))
}

/** The inspector's own list of what can be debugged (its endpoint /json/list). */
async function listedUrl(port: number, signal: AbortSignal): Promise<string> {
  // Fetched when it is needed: node:http costs a supervisor 1 MiB.
  const { get } = await import('node:http')
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/json/list', agent: false, signal }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const url = /"webSocketDebuggerUrl":\s*"(ws:[^"]+)"/.exec(body)?.[1]
        if (url === undefined) reject(new Error('the inspector lists no session'))
        else resolve(url)
      })
    }).on('error', reject)
  })
}
