// What a reload would do and what it changes: shown by `resil reload --dry-run`, and in short by every reload. Types only.

/** Of one setting, by its name in the config. null: not set. Secrets are told as changed, never what they are. */
export interface SettingChange {
  readonly key: string
  readonly from: string | null
  readonly to: string | null
}

/** Names only: values may be secrets. */
export interface EnvChange {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

export interface AppChanges {
  readonly settings: readonly SettingChange[]
  readonly env: EnvChange
  /** A reload can't bring these about: they need a restart of resil. */
  readonly notApplied: readonly SettingChange[]
}

export interface ReloadPlan {
  readonly app: string
  readonly generation: { readonly from: number; readonly to: number }
  /** Why it would be refused now; null: it would not. */
  readonly refusal: string | null
  readonly slots: readonly {
    readonly slot: number
    /** start: it has no worker now. leave: it was stopped by hand and stays so. remove: there are fewer instances. */
    readonly action: 'replace' | 'start' | 'leave' | 'remove'
    readonly pid: number | null
    /** How long its last worker took from the fork to its ready signal; null: none ever did. */
    readonly bootMs: number | null
  }[]
  readonly surge: number
  readonly maxUnavailable: number
  /** Ready workers that it will not go below. */
  readonly floor: number
  readonly rollback: boolean
  readonly canary: { readonly instances: number; readonly observeMs: number } | null
  /** Ports and socket paths that the new workers must listen on. */
  readonly endpoints: readonly string[]
  /** Boots, minReady, cooldown and a canary's observation, as far as past boots tell; null: they don't. What the old workers need to drain comes on top. */
  readonly expectedMs: number | null
  /** The longest that one old worker may drain. */
  readonly drainDeadlineMs: number
  readonly changes: AppChanges
}
