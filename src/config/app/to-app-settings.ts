// The checked shape of an app, plus what was found out for it, as what the supervisor obeys. Names gain their units here.

import type { App } from '../schema.ts'
import type {
  AppSettings,
  HookSettings,
  HookTarget,
  ProbeQuestion,
  ProbeSettings,
  WatchdogSettings,
} from '../settings.ts'
import { toCanarySettings } from './canary-settings.ts'

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
    baseEnv: null,
    env: found.env,
    instances: found.instances,
    instancesReason: found.instancesReason,
    ready: {
      on: ready.on,
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
      canary: reload.canary === undefined ? null : toCanarySettings(reload.canary),
    },
    standby: app.standby,
    watchdogs: watchdogsOf(app),
    agentThread: app.watchdogs.hang.evidence === 'thread',
    fatalReport: app.watchdogs.fatalReport,
    // Known only when all apps are: share-memory.ts.
    heapLimitBytes: null,
    probes: {
      startup: probeOf(app.probes?.startup),
      liveness: probeOf(app.probes?.liveness),
      readiness: probeOf(app.probes?.readiness),
    },
    recycle: recycleOf(app),
    dependsOn: app.dependsOn,
    sticky: app.sticky,
    hooks: hookSettings(app.hooks),
    reusePort: app.reusePort,
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

/** Where nobody set `soft`: far enough below `hard` to be replaced in peace. */
const SOFT_OF_HARD = 0.87

function watchdogsOf({ watchdogs: { memory, cpu, eventLoop, hang, descriptors } }: App): WatchdogSettings {
  return {
    memory: memoryOf(memory),
    cpu:
      cpu.max === undefined || cpu.action === 'off'
        ? null
        : { share: cpu.max, sustainMs: cpu.sustain, action: cpu.action },
    eventLoop: eventLoopOf(eventLoop),
    hang:
      hang.action === 'off'
        ? null
        : {
            suspectAfterMs: hang.suspectAfter,
            replaceAfterMs: hang.replaceAfter,
            evidence: hang.evidence === 'none' ? 'none' : 'stack',
            action: hang.action,
          },
    descriptors:
      descriptors.action === 'off'
        ? null
        : { share: descriptors.max, sustainMs: descriptors.sustain, action: descriptors.action },
  }
}

function memoryOf({ soft, hard, sustain, predict, action }: App['watchdogs']['memory']): WatchdogSettings['memory'] {
  if (action === 'off') return null
  const softBytes = soft ?? (hard === undefined ? null : Math.floor(hard * SOFT_OF_HARD))
  return { softBytes, hardBytes: hard ?? null, sustainMs: sustain, predict, action, sharedBytes: null }
}

function eventLoopOf({
  delayP99,
  utilization,
  sustain,
  action,
}: App['watchdogs']['eventLoop']): WatchdogSettings['eventLoop'] {
  if ((delayP99 === undefined && utilization === undefined) || action === 'off') return null
  return { delayP99Ms: delayP99 ?? null, utilization: utilization ?? null, sustainMs: sustain, action }
}

type Probe = NonNullable<NonNullable<App['probes']>['startup']>

function probeOf(probe: Probe | undefined): ProbeSettings | null {
  const ask = probe === undefined ? null : questionOf(probe)
  if (probe === undefined || ask === null) return null
  const { interval, timeout, failureThreshold, successThreshold } = probe
  return { ask, intervalMs: interval, timeoutMs: timeout, failureThreshold, successThreshold }
}

/** That there is exactly one has been checked (problems/check-together.ts). */
function questionOf({ http, tcp, exec, ipc }: Probe): ProbeQuestion | null {
  if (http !== undefined) return { by: 'http', target: http }
  if (tcp !== undefined) return { by: 'tcp', port: tcp }
  if (exec !== undefined) return { by: 'exec', command: exec }
  return ipc === true ? { by: 'ipc' } : null
}
