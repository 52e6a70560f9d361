// What a worker is doing, from its fork to its end (the state machine of docs/architecture.md). Nothing here decides when it
// goes from one stage to the next: the on-*.ts files and enforce-deadlines.ts do.

import type { DrainCause } from '../../events/causes.ts'
import type { Examination } from '../watchdogs/hang.ts'

/** Each stage carries its own deadline: what is late is decided from the state alone, so no timer can be forgotten. */
export type Stage =
  | { readonly status: 'booting'; readonly deadline: number }
  /** Its ready signal has come; it must survive until `readyAt`. */
  | { readonly status: 'warming'; readonly readyAt: number; readonly by: ReadyBy }
  | { readonly status: 'ready'; readonly since: number }
  /** Booted as far as its listen(), which waits. */
  | { readonly status: 'standby'; readonly since: number }
  /** Ready, but its event loop has not been heard of for a while. Not counted as ready; a beat makes it so again. */
  | {
      readonly status: 'suspect'
      readonly since: number
      readonly readySince: number
      /** When it was last heard of. */
      readonly silentSince: number
      /** When it is decided whether it goes; Infinity: not yet known, or never. */
      readonly judgedAt: number
      /** When a look at it was asked for. */
      readonly lookedAt: number
      /** What the first look showed; null: it has not come. */
      readonly first: Examination | null
      /** It was given more time once, since others were silent as well. */
      readonly wasHeldBack: boolean
      /** What keeps it from being killed has been told. */
      readonly told: boolean
    }
  | { readonly status: 'draining'; readonly cause: DrainCause; readonly deadline: number }
  /** Signalled; at `deadline` SIGKILL follows (again). */
  | { readonly status: 'killing'; readonly reason: KillReason; readonly signal: string; readonly deadline: number }

/** Why a worker is being ended by force. */
export type KillReason = 'boot-timeout' | 'startup-probe' | 'drain-deadline' | 'unresponsive' | 'forced' | DrainCause

export type ReadyBy = 'listening' | 'message' | 'started' | 'probe'
