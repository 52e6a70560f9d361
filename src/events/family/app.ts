// What becomes of an app as a whole. Its reloads are in reload.ts, its gates in gate.ts.

import type { ExitDetails } from '../exit.ts'

export type AppEvent =
  | { readonly type: 'app.waiting'; readonly app: string; readonly dependsOn: readonly string[] }
  | {
      readonly type: 'app.running'
      readonly app: string
      readonly ready: number
      readonly instances: number
      readonly ports: readonly number[]
      readonly bootMs: number
    }
  | { readonly type: 'app.degraded'; readonly app: string; readonly ready: number; readonly instances: number }
  | {
      readonly type: 'app.failed'
      readonly app: string
      /** dependency: an app that it depends on has failed or was stopped. */
      readonly reason: 'never-ready' | 'exhausted' | 'dependency'
      readonly exit: ExitDetails | null
    }
  | { readonly type: 'app.ended'; readonly app: string; readonly exitCode: number }
  | {
      readonly type: 'app.scaled'
      readonly app: string
      readonly request: string
      readonly from: number
      readonly to: number
    }
  /** The app can't have standbys. `never-listens`: there is no listen() to hold back; `listens-alone`: it listens past the cluster. */
  | { readonly type: 'app.standbyRefused'; readonly app: string; readonly reason: 'never-listens' | 'listens-alone' }
  | { readonly type: 'app.stopped'; readonly app: string }
  | { readonly type: 'slot.parked'; readonly app: string; readonly slot: number }
