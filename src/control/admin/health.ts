// Pure: what the three probes answer. Started: every app was ready once. Ready: what serves can serve, and no stop has begun (so
// load balancers look away before the listeners close). An app that never listens has no part in being ready once it has started.

import type { PublishedEvent, ResilEvent } from '../../events/events.ts'
import type { AppStatus, StatusDocument } from '../../protocol/status.ts'

export interface AppHealth {
  readonly app: string
  readonly ok: boolean
  /** In words, whichever it is. */
  readonly reason: string
}

export interface Health {
  readonly ok: boolean
  /** Why all of it is not; null: look at the apps. */
  readonly reason: string | null
  readonly apps: readonly AppHealth[]
}

export interface HealthWatch {
  /** Every event from the start on. */
  add(event: ResilEvent | PublishedEvent): void
  started(document: StatusDocument): Health
  ready(document: StatusDocument): Health
}

export function createHealthWatch(): HealthWatch {
  const everReady = new Set<string>()
  const serving = new Set<string>()
  /** Jobs that were through before anybody could call them ready. */
  const doneWell = new Set<string>()

  function startedApp(app: AppStatus): AppHealth {
    if (everReady.has(app.name)) return { app: app.name, ok: true, reason: 'has been ready' }
    if (doneWell.has(app.name)) return { app: app.name, ok: true, reason: 'has done its work' }
    return { app: app.name, ok: false, reason: `${app.state}, never ready: ${howMany(app)}` }
  }

  function readyApp(app: AppStatus): AppHealth {
    const started = startedApp(app)
    if (!started.ok) return started
    if (!serving.has(app.name)) return { ...started, reason: 'listens on nothing' }
    const { name, state, ready } = app
    if (state === 'stopping' || state === 'stopped' || state === 'failed' || state === 'ended') {
      return { app: name, ok: false, reason: state }
    }
    return { app: name, ok: ready > 0, reason: `${state}: ${howMany(app)}` }
  }

  return {
    add: (event) => {
      if (event.type === 'worker.ready') everReady.add(event.worker.app)
      else if (event.type === 'worker.listening') serving.add(event.worker.app)
      else if (event.type === 'app.ended' && event.exitCode === 0) doneWell.add(event.app)
    },
    started: ({ apps }) => healthOf(apps.map(startedApp), null),
    ready: ({ supervisor, apps }) =>
      healthOf(apps.map(readyApp), supervisor.state === 'stopping' ? 'resil is stopping' : null),
  }
}

function healthOf(apps: readonly AppHealth[], reason: string | null): Health {
  return { ok: reason === null && apps.every(({ ok }) => ok), reason, apps }
}

function howMany({ ready, instances }: AppStatus): string {
  return `${ready} of ${instances} ready`
}
