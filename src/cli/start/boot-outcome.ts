// Pure: whether a start has come to an end, from what the supervisor has published so far.

import type { PublishedEvent } from '../../events/events.ts'
import { list } from '../../events/words.ts'

export interface BootProgress {
  /** undefined: it goes on. */
  add(event: PublishedEvent): BootOutcome | undefined
}

export interface BootOutcome {
  /** false: an app is not what it was started to be. */
  readonly ok: boolean
  /** One line per app, as it stands. */
  readonly lines: readonly string[]
}

type Standing = { readonly ok: boolean; readonly words: string }

/** `apps`: all that have to come to something. */
export function watchBoot(apps: readonly string[]): BootProgress {
  const standings = new Map<string, Standing>()
  const serving = new Set<string>()

  return {
    add: (event) => {
      if (event.type === 'worker.ready') serving.add(event.worker.app)
      const standing = standingAfter(event, serving)
      if (standing !== undefined) standings.set(standing.app, standing)
      if (!apps.every((app) => standings.has(app))) return undefined
      const all = apps.map((app) => standings.get(app) as Standing)
      return {
        ok: all.every(({ ok }) => ok),
        lines: apps.map((app, index) => `${app}: ${all[index]?.words}`),
      }
    },
  }
}

function standingAfter(
  event: PublishedEvent,
  serving: ReadonlySet<string>,
): (Standing & { readonly app: string }) | undefined {
  switch (event.type) {
    case 'app.running': {
      const { app, ready, instances, ports } = event
      const where = ports.length === 0 ? '' : ` on port ${list(ports.map(String))}`
      return { app, ok: true, words: `${ready} of ${instances} ready${where}` }
    }
    case 'app.ended':
      return { app: event.app, ok: event.exitCode === 0, words: `ended with code ${event.exitCode}` }
    case 'app.failed':
      return { app: event.app, ok: false, words: 'failed' }
    case 'gate.opened':
      // Some workers serve and others crash for good: ready is what it will not be, and waiting on would tell nothing new.
      return serving.has(event.app)
        ? { app: event.app, ok: false, words: 'serves, but workers crash again and again' }
        : undefined
    default:
      return undefined
  }
}
