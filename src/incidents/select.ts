// Which of the recorded incidents somebody asks for. `all` is newest first.

import type { IncidentSummary } from './incident.ts'

export function selectIncidents(
  all: readonly IncidentSummary[],
  wanted: {
    readonly app?: string | undefined
    readonly since?: number | undefined
    readonly limit?: number | undefined
  },
): readonly IncidentSummary[] {
  const { app, since = 0, limit = all.length } = wanted
  return all
    .filter((one) => app === undefined || one.app === app || one.app === null)
    .filter(({ updatedAt }) => updatedAt >= since)
    .slice(0, limit)
}

/** Of what a supervisor has left: nothing of it goes on, so the last that was heard of. */
export function selectLast(all: readonly IncidentSummary[], app: string | undefined): IncidentSummary | null {
  const own = app === undefined ? all : all.filter((one) => one.app === app)
  return own.reduce<IncidentSummary | null>(
    (last, one) => (last === null || one.updatedAt > last.updatedAt ? one : last),
    null,
  )
}

/** Whoever asks without a name means what is going on; where all is well, what happened last. */
export function selectNewest(all: readonly IncidentSummary[], app: string | undefined): IncidentSummary | null {
  const own = app === undefined ? all : all.filter((one) => one.app === app)
  return own.find(({ state }) => state === 'open') ?? own[0] ?? null
}
