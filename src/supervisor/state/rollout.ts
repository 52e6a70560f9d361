// A reload or a restart that is under way: what it goes to, what it would go back to, how far it is. roll-out.ts carries it
// forward, end-rollout.ts ends it.

import type { AppSettings, CanarySettings } from '../../config/settings.ts'
import type { ReloadFailure } from '../../events/family/reload.ts'
import type { CanaryCounts } from '../canary.ts'

/** How far a rollout has come on its present leg, and by when it must have come further: rollout-pace.ts. */
export interface Pace {
  readonly leg: string
  /** The fewest slots that were ever left to be done on this leg. */
  readonly left: number
  readonly lateAt: number
}

/** A change of all workers that is under way. */
export type Rollout =
  /** New before old. `back`: it failed, and the slots return to `from`. */
  | {
      readonly kind: 'reload'
      readonly request: string
      readonly from: number
      readonly to: number
      readonly settings: AppSettings
      readonly startedAt: number
      /** What every ready worker of the last generation listened on; the new ones must too. */
      readonly endpoints: readonly string[]
      readonly waitUntil: number
      /** A reload that brought another number of instances gives it back when it fails. */
      readonly instancesBefore: number
      readonly back: { readonly failure: ReloadFailure; readonly attempts: number } | null
      /** null: all workers go over without one. */
      readonly canary: Canary | null
      /** null: it has not been looked at yet. */
      readonly pace: Pace | null
    }
  /** Old before new, one slot after the other. `inHand`: the slot that is being replaced. */
  | {
      readonly kind: 'restart'
      readonly request: string
      readonly startedAt: number
      readonly pending: readonly number[]
      readonly inHand: number | null
      /** Workers with lower ids were there before the request. */
      readonly firstNew: number
      readonly pace: Pace | null
    }

/** The first workers of a new release, and how they do. */
export interface Canary {
  readonly limits: CanarySettings
  readonly stage:
    | { readonly status: 'placing' }
    | {
        readonly status: 'observing'
        readonly since: number
        readonly until: number
        readonly fresh: CanaryCounts
        readonly old: CanaryCounts
        /** Totals of each worker, by id, at its last beat. */
        readonly seen: Readonly<Record<number, { readonly answered: number; readonly failed: number }>>
      }
    | { readonly status: 'passed' }
}

/** The generation that a reload is on its way to: back to the old one once it has failed. */
export function goalOf(reload: Extract<Rollout, { kind: 'reload' }>): number {
  return reload.back === null ? reload.to : reload.from
}

/** No more workers go over for now: a canary has not passed yet. */
export function isHeld(reload: Extract<Rollout, { kind: 'reload' }>): boolean {
  return reload.back === null && reload.canary !== null && reload.canary.stage.status !== 'passed'
}
