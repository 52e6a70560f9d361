// The checked shape of an app, plus what was found out for it, as what the supervisor obeys. Names gain their units here.

import type { App } from '../schema.ts'
import type { AppSettings, HookSettings, HookTarget, ReadyOn } from '../settings.ts'

/** What the file alone can't say. */
export interface Found {
  readonly name: string
  readonly script: string
  readonly realScript: string
  readonly cwd: string
  readonly nodeArgs: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly instances: number
  readonly instancesReason: string
  readonly killAfterMs: number
  readonly chaosAllowed: boolean
}

export function toAppSettings(app: App, found: Found): AppSettings {
  const { ready, restart, shutdown, reload } = app
  return {
    name: found.name,
    script: found.script,
    realScript: found.realScript,
    args: app.args,
    cwd: found.cwd,
    nodeArgs: found.nodeArgs,
    env: found.env,
    instances: found.instances,
    instancesReason: found.instancesReason,
    ready: {
      // "probe" has been refused as not available yet.
      on: ready.on as ReadyOn,
      timeoutMs: ready.timeout,
      minReadyMs: ready.minReady,
    },
    restart: {
      policy: restart.policy,
      backoff: {
        initialMs: restart.backoff.initial,
        factor: restart.backoff.factor,
        maxMs: restart.backoff.max,
        jitter: restart.backoff.jitter,
      },
      window: { maxRestarts: restart.window.maxRestarts, withinMs: restart.window.within },
      storm: { max: restart.storm.max, halfLifeMs: restart.storm.halfLife },
      stableAfterMs: restart.stableAfter,
      stopExitCodes: restart.stopExitCodes,
      onExhausted: restart.onExhausted,
    },
    shutdown: {
      deadlineMs: shutdown.deadline,
      signal: shutdown.signal,
      killAfterMs: found.killAfterMs,
      readinessDelayMs: shutdown.readinessDelay,
      idleWaitMs: shutdown.idleWait,
    },
    reload: {
      surge: reload.surge,
      maxUnavailable: reload.maxUnavailable,
      cooldownMs: reload.cooldown,
      rollback: reload.rollback,
    },
    standby: app.standby,
    recycle: recycleOf(app),
    dependsOn: app.dependsOn,
    sticky: app.sticky,
    hooks: hookSettings(app.hooks),
    captureOutput: app.log.capture,
    chaosAllowed: found.chaosAllowed,
  }
}

function recycleOf({ recycle }: App): AppSettings['recycle'] {
  if (recycle === undefined || (recycle.maxAge === undefined && recycle.maxRequests === undefined)) return null
  const { maxAge, maxRequests, jitter, minLife } = recycle
  return { maxAgeMs: maxAge ?? null, maxRequests: maxRequests ?? null, jitter, minLifeMs: minLife }
}

type Hooks = NonNullable<App['hooks']>

function hookSettings(hooks: Hooks = {}): HookSettings {
  const entries = Object.entries(hooks).flatMap(([name, hook]) => {
    const target = hook === undefined ? null : targetOf(hook)
    return target === null ? [] : [[name, target] as const]
  })
  return Object.fromEntries(entries)
}

function targetOf({ exec, webhook }: NonNullable<Hooks[keyof Hooks]>): HookTarget | null {
  if (webhook !== undefined) return { via: 'webhook', url: webhook }
  return exec === undefined ? null : { via: 'exec', command: exec }
}
