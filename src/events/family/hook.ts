// What became of telling others: the commands and webhooks of `hooks`. That all is well is no event.

export type HookEvent =
  | {
      readonly type: 'hook.failed'
      readonly hook: HookName
      readonly app: string
      /** A command, or the origin of a URL: what follows it may be a secret. */
      readonly target: string
      readonly reason: string
    }
  | {
      readonly type: 'hook.recovered'
      readonly hook: HookName
      readonly app: string
      readonly target: string
      readonly failures: number
    }
  /** More was to be told than the hooks could take. */
  | { readonly type: 'hook.dropped'; readonly count: number }

export type HookName = 'onCrash' | 'onExhausted' | 'onIncident' | 'onReload'
