// Tells others what happened, and is never waited for: so many calls at once, so many in line, the rest is counted and left out.
// That a hook fails is told once, until it works again.

import type { Clock } from '../../clock.ts'
import type { AppSettings, HookTarget } from '../../config/settings.ts'
import { messageOf } from '../../errors.ts'
import type { PublishedEvent, ResilEvent } from '../../events/events.ts'
import type { HookName } from '../../events/family/hook.ts'
import type { Incident } from '../../incidents/incident.ts'
import { runCommand } from '../run-command.ts'
import { commandFailure } from './command-failure.ts'
import { callOf, hookOf } from './hook-call.ts'
import { postWebhook } from './post-webhook.ts'

export interface Hooks {
  tell(event: PublishedEvent, incident: Incident | null): void
  /** Resolves when all who were to be told have been, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
  /** What still runs is ended. */
  close(): void
}

export interface HooksOptions {
  /** As they are now: a reload may have changed them. */
  readonly apps: () => readonly Pick<AppSettings, 'name' | 'cwd' | 'hooks'>[]
  readonly supervisor: Incident['supervisor']
  readonly env: Readonly<Record<string, string | undefined>>
  readonly publish: (event: ResilEvent) => void
  readonly clock: Clock
  readonly timeoutMs?: number
}

const MOST_AT_ONCE = 4
const MOST_WAITING = 100
const TIMEOUT_MS = 30_000

interface Job {
  readonly app: Pick<AppSettings, 'name' | 'cwd'>
  readonly hook: HookName
  readonly target: HookTarget
  readonly incident: string | null
  readonly body: string
}

export function startHooks(options: HooksOptions): Hooks {
  const { apps, supervisor, env, publish, clock, timeoutMs = TIMEOUT_MS } = options
  const waiting: Job[] = []
  /** How each running call is ended early. */
  const running = new Set<() => void>()
  /** Failures in a row, by app and hook. */
  const streaks = new Map<string, number>()
  const idle = new Set<() => void>()
  let dropped = 0
  let closed = false

  function enqueue(job: Job): void {
    if (waiting.length >= MOST_WAITING) dropped += 1
    else waiting.push(job)
    pump()
  }

  function pump(): void {
    while (!closed && running.size < MOST_AT_ONCE) {
      const job = waiting.shift()
      if (job === undefined) break
      start(job)
    }
    if (dropped > 0 && waiting.length < MOST_WAITING) {
      publish({ type: 'hook.dropped', count: dropped })
      dropped = 0
    }
    if (running.size + waiting.length > 0) return
    for (const resolve of idle) resolve()
    idle.clear()
  }

  function start(job: Job): void {
    const { result, end } = perform(job)
    running.add(end)
    void result
      .catch((error: unknown) => `could not be called (${messageOf(error)})`)
      .then((failure) => {
        running.delete(end)
        if (!closed) account(job, failure)
        pump()
      })
  }

  function perform({ app, hook, target, incident, body }: Job): { result: Promise<string | null>; end: () => void } {
    if (target.via === 'webhook') {
      const abort = new AbortController()
      return { result: postWebhook(target.url, body, abort.signal), end: () => abort.abort() }
    }
    const { ended, kill } = runCommand({
      command: target.command,
      input: body,
      cwd: app.cwd,
      env: { ...env, RESIL_HOOK: hook, RESIL_APP: app.name, RESIL_INCIDENT: incident ?? '' },
      timeoutMs,
      clock,
    })
    return { result: ended.then((end) => commandFailure(end, timeoutMs)), end: kill }
  }

  function account({ app, hook, target }: Job, failure: string | null): void {
    const key = `${hook} ${app.name}`
    const before = streaks.get(key) ?? 0
    const about = { hook, app: app.name, target: shown(target) }
    streaks.set(key, failure === null ? 0 : before + 1)
    if (failure !== null && before === 0) publish({ type: 'hook.failed', ...about, reason: failure })
    if (failure === null && before > 0) publish({ type: 'hook.recovered', ...about, failures: before })
  }

  return {
    tell(event, incident) {
      const hook = hookOf(event)
      if (hook === null || closed) return
      const name = 'app' in event ? event.app : 'worker' in event ? event.worker.app : null
      const told = new Set<string>()
      for (const app of apps()) {
        const target = app.hooks[hook]
        if (target === undefined || (name !== null && app.name !== name)) continue
        // What concerns all apps is told to each place once.
        const place = JSON.stringify(target)
        if (told.has(place)) continue
        told.add(place)
        const body = JSON.stringify(callOf(hook, name ?? app.name, supervisor, event, incident))
        enqueue({ app, hook, target, incident: incident?.id ?? null, body })
      }
    },
    flush(deadlineMs) {
      if (running.size + waiting.length === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = clock.setTimeout(resolve, deadlineMs)
        idle.add(() => {
          timer.cancel()
          resolve()
        })
      })
    },
    close() {
      closed = true
      waiting.length = 0
      for (const end of running) end()
    },
  }
}

/** A URL's path may be the secret that lets one in. */
function shown(target: HookTarget): string {
  if (target.via === 'exec') return target.command[0] ?? ''
  return URL.canParse(target.url) ? new URL(target.url).origin : 'its URL'
}
