// What the control socket and the admin port may see and do of a running supervisor. Who may ask is theirs to say.

import type { Clock } from '../clock.ts'
import type { Cures } from '../cluster-internals/cures.ts'
import type { Door } from '../cluster-internals/door.ts'
import { type Reread, reapply } from '../config/reapply.ts'
import { isSecret } from '../config/secret-settings.ts'
import type { Settings } from '../config/settings.ts'
import type { AdminPort } from '../control/admin/port.ts'
import type { ControlPort } from '../control/port.ts'
import { ResilError } from '../errors.ts'
import type { Publisher } from '../events/publisher.ts'
import type { StatusDocument } from '../protocol/status.ts'
import { refusalFor } from '../supervisor/on-reload-requested.ts'
import { planReload } from '../supervisor/plan-reload.ts'
import type { App } from '../supervisor/state/app.ts'
import { takeEvidence } from './evidence/evidence.ts'
import type { Executor } from './execute.ts'
import type { IncidentLog } from './incidents/incident-log.ts'
import type { Loop } from './loop.ts'
import type { Log } from './output/log.ts'
import type { Sampler } from './sampler.ts'
import { appStatuses } from './status.ts'

/** What a supervisor is made of. The control socket opens before there is all of it, and is asked when there is. */
export interface RunningParts {
  readonly loop: Loop
  readonly executor: Executor
  readonly sampler: Sampler
  readonly door: Door
  readonly cures: Cures
  readonly incidents: IncidentLog
  readonly publisher: Publisher
  readonly log: Log
  readonly socket: string | null
}

export interface SupervisorFacts {
  readonly settings: Settings
  readonly supervisor: Pick<NonNullable<StatusDocument['supervisor']>, 'name' | 'pid' | 'version' | 'node'>
  readonly startedAt: number
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  /** Reads config and envFile again. */
  readonly readAgain: () => Promise<Settings>
}

export function createControlPort(
  facts: SupervisorFacts,
  parts: () => RunningParts,
): ControlPort & Pick<AdminPort, 'glance'> {
  const { settings, supervisor, startedAt, env, clock } = facts

  function appOf(name: string): App | undefined {
    return parts().loop.state.apps.find((app) => app.name === name)
  }

  function statusOf(samples: Pick<Sampler, 'of'>): StatusDocument {
    const { loop, executor, door, cures, incidents, socket } = parts()
    return {
      supervisor: {
        ...supervisor,
        uptimeMs: Math.round(clock.now() - startedAt),
        state: loop.state.phase.status === 'running' ? 'running' : 'stopping',
        cpu: samples.of(process.pid)?.cpu ?? null,
        rss: samples.of(process.pid)?.rss ?? null,
        schedule: settings.schedule,
        connections: { ...door.counts, cures: cures.states },
        socket,
        configFile: settings.configFile ?? null,
      },
      apps: appStatuses(
        loop.state,
        { schedule: settings.schedule, sampler: samples, handleOf: executor.handleOf },
        clock.now(),
        clock.wallNow(),
      ),
      incidents: incidents.status(),
    }
  }

  async function reread(base: Readonly<Record<string, string>> | null): Promise<Reread> {
    const apps = settings.apps.map((app) => appOf(app.name)?.settings ?? app)
    return reapply({ ...settings, apps }, await facts.readAgain(), { own: env, base, isSecret })
  }

  return {
    name: settings.name,
    dir: settings.dir,
    appNames: () => settings.apps.map(({ name }) => name),
    slotsOf: (name) => appOf(name)?.slots.map(({ number }) => number) ?? [],
    status: () => statusOf(parts().sampler),
    glance: () => statusOf({ of: parts().sampler.peek }),
    incidents: {
      list: () => parts().incidents.asked.list(),
      get: (id) => parts().incidents.asked.get(id),
    },
    submit: (input) => parts().loop.submit(input),
    reread,
    plan: (name, fresh, { allowPortChange, supersede, canary }) => {
      const app = appOf(name)
      if (app === undefined) throw new ResilError('RESIL_UNKNOWN_TARGET', `there is no app "${name}"`)
      const refusal = refusalFor(parts().loop.state, app, name, { supersede })
      return planReload(app, fresh ?? app.settings, { allowPortChange, refusal, canary })
    },
    diagnose: async ({ app, slot }, request, options) => {
      const worker = appOf(app)?.slots.find(({ number }) => number === slot)?.current
      const handle = worker == null ? undefined : parts().executor.handleOf(worker.id)
      if (handle?.process.pid === undefined) return null
      return { pid: handle.process.pid, evidence: await takeEvidence(handle, request, options) }
    },
    events: {
      recent: () => parts().publisher.recent(),
      subscribe: (listener) => parts().publisher.subscribe(listener),
    },
    logs: {
      recent: () => parts().log.recent(),
      subscribe: (listener) => parts().log.subscribe(listener),
    },
  }
}
