// Forks a worker with node:cluster so that nothing of one app leaks into another.
// Node: lib/internal/cluster/primary.js (setupPrimary merges with the settings of the call before, so every key is given each time).

import cluster, { type Worker } from 'node:cluster'
import type { AppSettings } from '../config/settings.ts'
import { HEAP_FLAG } from '../protocol/agent-command.ts'
import { AGENT_ORDERS, type AgentOrders } from '../protocol/agent-orders.ts'
import { inspectorArgs } from './evidence/inspector-args.ts'

/** The supervisor's own secret: what the workers do not have, they can't show. Node leaves undefined ones out. */
const WITHHELD = { RESIL_ADMIN_TOKEN: undefined }

/** One policy for the whole supervisor: node:cluster freezes it at the first setupPrimary. */
export function setSchedule(schedule: 'round-robin' | 'shared'): void {
  cluster.schedulingPolicy = schedule === 'shared' ? cluster.SCHED_NONE : cluster.SCHED_RR
}

/** Throws, or returns a worker without a pid, when the system has no process to give. */
export function forkWorker(
  settings: AppSettings,
  /** null: a standby, which has none yet. */
  slot: number | null,
  agentPath: string,
  orders: AgentOrders,
  reportArgs: readonly string[],
): { readonly worker: Worker; readonly inspectPort: number | null } {
  const inspector = inspectorArgs({
    nodeArgs: settings.nodeArgs,
    nodeOptions: settings.env.NODE_OPTIONS ?? (settings.baseEnv ?? process.env).NODE_OPTIONS,
    inherited: settings.env.NODE_OPTIONS === undefined,
    slot,
    captured: settings.captureOutput,
  })
  cluster.setupPrimary({
    exec: settings.realScript,
    args: [...settings.args],
    cwd: settings.cwd,
    // `exec` is the real entry and the agent comes by --require: require.main and module ids stay those of plain node.
    execArgv: [...preloadArgs(settings, agentPath, reportArgs), ...inspector.nodeArgs],
    inspectPort: inspector.inspectPort,
    serialization: 'json',
    silent: false,
    // No stdin: many workers can't share one, and a background process that reads the terminal is stopped by it.
    stdio: [
      'ignore',
      ...(settings.captureOutput ? (['pipe', 'pipe'] as const) : (['inherit', 'inherit'] as const)),
      'ipc',
      ...(settings.agentThread ? (['pipe'] as const) : []),
    ],
    windowsHide: true,
  })
  // What nobody has to be told is not written: an environment without it is the app's own.
  const { script, realScript, baseEnv, env } = settings
  const told: AgentOrders = {
    ...orders,
    ...(script === realScript ? {} : { entryName: script }),
    ...(settings.agentThread && { thread: true }),
  }
  const ordered = Object.keys(told).length === 0 ? {} : { [AGENT_ORDERS]: JSON.stringify(told) }
  const worker = cluster.fork({
    ...(baseEnv === null ? {} : { ...withoutOwnEnv(), ...baseEnv }),
    ...WITHHELD,
    ...env,
    ...ordered,
  })
  return { worker, inspectPort: inspector.usersPort }
}

/** Node puts process.env below what it is given, and leaves out what is undefined there (lib/child_process.js). */
function withoutOwnEnv(): Record<string, undefined> {
  return Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
}

/** What resil adds, all of it before the agent's path: the agent hides it from the app (agent/hide.ts). */
function preloadArgs({ heapLimitBytes }: AppSettings, agentPath: string, reportArgs: readonly string[]): string[] {
  const heap = heapLimitBytes === null ? [] : [`${HEAP_FLAG}${Math.floor(heapLimitBytes / 2 ** 20)}`]
  return [...heap, ...reportArgs, '--require', agentPath]
}
