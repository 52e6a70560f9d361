// Settings that are right one by one and wrong together.

import type { App } from '../schema.ts'
import { formatDuration, formatSize } from '../units.ts'

export interface Clash {
  /** The settings involved; the one that a person most likely has to change first. */
  readonly keys: readonly string[]
  readonly message: string
}

/** Options that make node do something else than run the app. */
const FOREIGN_TO_WORKERS = /^(-e|--eval|-p|--print|-c|--check|-i|--interactive|--watch|--watch-path|--test|--run)(=|$)/

/** From the signal to SIGKILL when nobody said: never so long that nothing of the deadline is left to drain in. */
export function defaultKillAfter(deadlineMs: number): number {
  return Math.min(2_000, Math.floor(deadlineMs / 4))
}

export function clashesIn(app: App): Clash[] {
  const { shutdown, restart, reload, hooks, nodeArgs } = app
  const clashes: Clash[] = []
  const killAfter = shutdown.killAfter ?? defaultKillAfter(shutdown.deadline)
  if (killAfter >= shutdown.deadline) {
    const message = `${formatDuration(killAfter)} must be shorter than shutdown.deadline (${formatDuration(shutdown.deadline)})`
    clashes.push({ keys: ['shutdown.killAfter', 'shutdown.deadline'], message })
  } else if (shutdown.readinessDelay + killAfter >= shutdown.deadline) {
    const left = formatDuration(shutdown.deadline - killAfter)
    const message = `${formatDuration(shutdown.readinessDelay)} leaves no time to drain: it must be shorter than shutdown.deadline minus shutdown.killAfter (${left})`
    clashes.push({ keys: ['shutdown.readinessDelay', 'shutdown.deadline'], message })
  }
  if (restart.backoff.initial > restart.backoff.max) {
    const message = `${formatDuration(restart.backoff.initial)} must not be longer than restart.backoff.max (${formatDuration(restart.backoff.max)})`
    clashes.push({ keys: ['restart.backoff.initial', 'restart.backoff.max'], message })
  }
  if (reload.surge === 0 && reload.maxUnavailable === 0) {
    const message = 'with reload.surge and reload.maxUnavailable both 0 no worker could ever be replaced; set one to 1'
    clashes.push({ keys: ['reload.surge', 'reload.maxUnavailable'], message })
  }
  if (app.standby > 0 && 'NODE_APP_INSTANCE' in app.env) {
    const message = `${app.standby}: a standby has no number before it is needed, and env.NODE_APP_INSTANCE gives each worker one; leave one of them out`
    clashes.push({ keys: ['standby', 'env'], message })
  }
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    if (hook === undefined) continue
    const [exec, webhook] = [`hooks.${name}.exec`, `hooks.${name}.webhook`]
    if (hook.exec !== undefined && hook.webhook !== undefined) {
      clashes.push({ keys: [exec, webhook], message: 'a hook is either a command or a webhook; leave one of them out' })
    } else if (hook.exec !== undefined && !hook.exec[0]) {
      clashes.push({ keys: [exec], message: 'is empty; name a command, or leave the hook out' })
    } else if (hook.webhook !== undefined && !URL.canParse(hook.webhook)) {
      // It may hold a secret, so it is not repeated.
      clashes.push({
        keys: [webhook],
        message: 'is no URL that can be read: write one such as "https://example.com/hook"',
      })
    }
  }
  clashes.push(...watchdogClashes(app))
  if (app.sticky && app.reusePort) {
    const message = 'with reusePort the kernel chooses the worker, and it knows no stickiness; choose one of the two'
    clashes.push({ keys: ['sticky', 'reusePort'], message })
  }
  clashes.push(...probeClashes(app))
  const foreign = nodeArgs.find((flag) => FOREIGN_TO_WORKERS.test(flag))
  if (foreign !== undefined) {
    clashes.push({
      keys: ['nodeArgs'],
      message: `${foreign} makes node do something else than run the app; leave it out`,
    })
  }
  return clashes
}

function watchdogClashes({ watchdogs: { memory, hang } }: App): Clash[] {
  const clashes: Clash[] = []
  const { soft, hard } = memory
  if (soft !== undefined && hard !== undefined && soft >= hard) {
    const message = `${formatSize(soft)} must be less than watchdogs.memory.hard (${formatSize(hard)})`
    clashes.push({ keys: ['watchdogs.memory.soft', 'watchdogs.memory.hard'], message })
  }
  if (hang.suspectAfter >= hang.replaceAfter) {
    const message = `${formatDuration(hang.suspectAfter)} must be shorter than watchdogs.hang.replaceAfter (${formatDuration(hang.replaceAfter)})`
    clashes.push({ keys: ['watchdogs.hang.suspectAfter', 'watchdogs.hang.replaceAfter'], message })
  }
  return clashes
}

const QUESTIONS = ['http', 'tcp', 'exec', 'ipc'] as const

function probeClashes({ probes, ready }: App): Clash[] {
  const clashes: Clash[] = []
  for (const name of ['startup', 'liveness', 'readiness'] as const) {
    const probe = probes?.[name]
    if (probe === undefined) continue
    const asked = QUESTIONS.filter((question) => probe[question] !== undefined && probe[question] !== false)
    if (asked.length !== 1) {
      const [first, ...others] = asked
      const found = first === undefined ? 'asks nothing' : `stands beside ${others.join(' and ')}`
      clashes.push({
        keys: first === undefined ? [`probes.${name}`] : asked.map((question) => `probes.${name}.${question}`),
        message: `${found}: write exactly one of ${QUESTIONS.join(', ')}`,
      })
    }
    if (probe.exec !== undefined && !probe.exec[0]) {
      clashes.push({
        keys: [`probes.${name}.exec`],
        message: 'is empty; name a command that exits with 0 when all is well',
      })
    }
    if (probe.http !== undefined && !probe.http.startsWith('/') && !URL.canParse(probe.http)) {
      clashes.push({
        keys: [`probes.${name}.http`],
        message: `${JSON.stringify(probe.http)} is no URL that can be read: write a path such as "/healthz", or a URL such as "http://localhost:3000/healthz"`,
      })
    }
    if (probe.timeout > probe.interval) {
      const message = `${formatDuration(probe.timeout)} must not be longer than probes.${name}.interval (${formatDuration(probe.interval)})`
      clashes.push({ keys: [`probes.${name}.timeout`, `probes.${name}.interval`], message })
    }
  }
  if (ready.on === 'probe' && probes?.startup === undefined) {
    const message = '"probe" needs a startup probe, such as "probes": { "startup": { "http": "/healthz" } }'
    clashes.push({ keys: ['ready.on', 'probes.startup'], message })
  }
  return clashes
}
