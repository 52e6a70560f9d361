// Asks a running supervisor for incidents; where none answers, reads what one has left on the disk.

import type { FoundSupervisor } from '../control/find.ts'
import { ResilError } from '../errors.ts'
import type { Incident, IncidentSummary } from '../incidents/incident.ts'
import type { OptionSpec } from './command-spec.ts'
import type { CliContext } from './context.ts'
import { withSupervisor } from './with-supervisor.ts'

export interface StateOption {
  readonly stateDir?: string
}

export const stateOption: OptionSpec = {
  flags: '--state-dir <path>',
  summary: 'where to read them when no supervisor answers (or RESIL_STATE_DIR, or stateDir of the config here)',
}

/** What supervisors before have left: of this folder where there are some, else of all. */
export interface StoredIncidents {
  readonly apps: readonly string[]
  /** Newest first. */
  list(): Promise<readonly IncidentSummary[]>
  get(id: string): Promise<Incident | null>
}

export async function askOrRead<Result>(
  context: CliContext,
  wanted: { readonly socket?: string; readonly stateDir?: string; readonly target: string | undefined },
  how: {
    readonly ask: (found: FoundSupervisor) => Promise<Result>
    readonly read: (stored: StoredIncidents) => Promise<Result>
  },
): Promise<Result> {
  try {
    return await withSupervisor(context, wanted, how.ask)
  } catch (error) {
    if (!(error instanceof ResilError) || error.code !== 'RESIL_NO_SUPERVISOR') throw error
    // With its schema and config, which a command that is answered does without.
    const { findStoredIncidents } = await import('./stored-incidents.ts')
    const stored = await findStoredIncidents(context, wanted)
    if (stored === null) throw error
    context.stderr.write('resil: no supervisor answers; this is what the last one recorded\n')
    return how.read(stored)
  }
}
