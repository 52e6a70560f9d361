// Memory limits of workers in a container that has one: all apps share it, so this comes when all are known. Written limits stay;
// the others are made of each worker's share, and V8's heap is kept within it. What follows from a limit is supervisor/watchdogs/.

import type { Entry, Origin } from '../layers/layers.ts'
import type { MachineFacts } from '../machine-facts.ts'
import { shareAmong, sharedBytesIn } from '../memory-share.ts'
import type { AppSettings, MemoryLimits } from '../settings.ts'
import { formatSize } from '../units.ts'
import type { BuiltApp } from './build-app.ts'

const MB = 1024 * 1024
/** Both spellings; in nodeArgs and NODE_OPTIONS. */
const HEAP_LIMIT = /--max[-_](old[-_]space|heap)[-_]size/

export function shareMemory(
  built: readonly BuiltApp[],
  memory: MachineFacts['memory'],
  env: Readonly<Record<string, string | undefined>>,
): BuiltApp[] {
  const { limitBytes, reason } = memory
  const processes = built.reduce((sum, { settings }) => sum + (settings === undefined ? 0 : mostProcesses(settings)), 0)
  if (limitBytes === null || processes === 0) return [...built]
  const sharedBytes = sharedBytesIn(limitBytes)
  const share = shareAmong(sharedBytes, processes)
  const words = `${formatSize(share?.shareBytes ?? 0)}, the share of ${reason} for each of ${processes} processes`
  return built.map((app) => {
    const { settings, effective } = app
    const limits = settings?.watchdogs.memory ?? null
    if (settings === undefined || limits === null || limits.softBytes !== null || limits.hardBytes !== null) return app
    const withMemory = (memory: MemoryLimits, heapLimitBytes: number | null): AppSettings => ({
      ...settings,
      heapLimitBytes,
      watchdogs: { ...settings.watchdogs, memory },
    })
    // Fewer workers may have enough: `scale` makes them so.
    if (share === null) return { ...app, settings: withMemory({ ...limits, sharedBytes }, null) }
    const { softBytes, hardBytes, shareBytes } = share
    const heapLimitBytes = mayLimitHeap(settings, env) && limits.action !== 'report' ? shareBytes : null
    const computed: [string, Entry][] = [
      ['watchdogs.memory.soft', byDefault(softBytes, `80 % of ${words}`)],
      ['watchdogs.memory.hard', byDefault(hardBytes, `92 % of ${words}`)],
    ]
    if (heapLimitBytes !== null && settings.nodeArgs.length === 0) {
      const flag = `--max-old-space-size=${heapLimitBytes / MB}`
      computed.push(['nodeArgs', byDefault([flag], `V8's heap within ${words}`)])
    }
    return {
      ...app,
      settings: withMemory({ ...limits, softBytes, hardBytes, sharedBytes }, heapLimitBytes),
      effective: new Map([...effective, ...computed]),
    }
  })
}

/**
 * V8 allows each process about half of the container, so that four workers may claim twice of what there is. The cap is the
 * whole share and not `hard`: V8 ends a worker that runs into its cap, with all requests in hand; the watchdog, which comes first
 * then, replaces it and loses none. Where a person wrote limits the heap is theirs too.
 */
function mayLimitHeap({ nodeArgs, env: own }: AppSettings, env: Readonly<Record<string, string | undefined>>): boolean {
  return ![...nodeArgs, own.NODE_OPTIONS ?? env.NODE_OPTIONS ?? ''].some((text) => HEAP_LIMIT.test(text))
}

function mostProcesses({ instances, reload, standby }: AppSettings): number {
  return instances + reload.surge + standby
}

function byDefault(value: unknown, reason: string): Entry {
  const origin: Origin = { from: 'default', reason }
  return { value, origin }
}
