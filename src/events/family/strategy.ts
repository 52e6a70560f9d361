// What the app's own strategies (circuit breakers, chaos) do, as its workers tell it with their beats.

export type StrategyEvent =
  /** It was open in no worker before. */
  | {
      readonly type: 'breaker.opened'
      readonly app: string
      readonly name: string
      readonly openIn: number
      /** Workers that have told of one with this name. */
      readonly workers: number
    }
  /** Open in no worker any more, half-open neither; also when those workers are gone. */
  | { readonly type: 'breaker.closed'; readonly app: string; readonly name: string }
  | { readonly type: 'chaos.injecting'; readonly app: string; readonly name: string; readonly injected: number }
  /** `injected`: all since it began. */
  | {
      readonly type: 'chaos.ended'
      readonly app: string
      readonly name: string
      readonly injected: number
      readonly quietMs: number
    }
