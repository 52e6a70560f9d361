// Incidents and hooks of a running supervisor, put together: what is published becomes incidents, those are kept, others are told.

import type { Clock } from '../../clock.ts'
import type { ControlPort } from '../../control/port.ts'
import type { SocketIdentity } from '../../control/socket-path.ts'
import { messageOf } from '../../errors.ts'
import type { ResilEvent } from '../../events/events.ts'
import type { Publisher } from '../../events/publisher.ts'
import type { Incident } from '../../incidents/incident.ts'
import type { IncidentsStatus } from '../../protocol/status.ts'
import type { App } from '../../supervisor/state/app.ts'
import { type Hooks, startHooks } from '../hooks/hooks.ts'
import type { Log } from '../output/log.ts'
import { writeFolderNote } from './folder-note.ts'
import { type RecorderOptions, startRecorder } from './recorder.ts'
import { openStore } from './store.ts'

export interface IncidentLog {
  readonly asked: ControlPort['incidents']
  status(): IncidentsStatus
  /** Before the supervisor exits: recorded, written and told, as far as `deadlineMs` allows. */
  flush(deadlineMs: number): Promise<void>
  close(): void
}

export function startIncidentLog(options: {
  readonly identity: SocketIdentity
  readonly supervisor: Incident['supervisor']
  /** null: in memory only. */
  readonly dir: string | null
  readonly apps: () => readonly App[]
  readonly stableAfterMs: RecorderOptions['stableAfterMs']
  readonly measure: RecorderOptions['measure']
  readonly publisher: Publisher
  readonly log: Log
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}): IncidentLog {
  const { dir, identity, supervisor, stableAfterMs, measure, publisher, log, env, clock } = options
  const publish = (event: ResilEvent): void => void publisher.publish(event)
  const store = openStore({ dir, clock, publish })
  const recorder = startRecorder({ supervisor, stableAfterMs, publisher, log, store, measure, clock })
  const apps = () => options.apps().map(({ settings }) => settings)
  const hooks: Hooks = startHooks({ apps, supervisor, env, publish, clock })
  recorder.onCollected(hooks.tell)
  if (dir !== null) {
    const note = { ...identity, apps: Object.keys(stableAfterMs), pid: supervisor.pid }
    // After the leftovers are removed: what is on its way to the disk looks like one.
    store.loaded
      .then(() => writeFolderNote(dir, note))
      .catch((error: unknown) => {
        publish({ type: 'supervisor.warned', message: `${dir} can't be written (${messageOf(error)})` })
      })
  }

  return {
    asked: {
      list: async () => {
        await store.loaded
        return store.list()
      },
      get: store.get,
    },
    status() {
      const all = store.list()
      const [last] = all
      return {
        open: all.filter(({ state }) => state === 'open').length,
        total: all.length,
        last:
          last === undefined
            ? null
            : { id: last.id, kind: last.kind, state: last.state, app: last.app, begunAt: last.begunAt },
        kept: store.kept,
      }
    },
    async flush(deadlineMs) {
      const until = clock.now() + deadlineMs
      await recorder.flush(deadlineMs)
      await Promise.all([store.flush(until - clock.now()), hooks.flush(until - clock.now())])
    },
    close() {
      recorder.close()
      hooks.close()
      store.close()
    },
  }
}
