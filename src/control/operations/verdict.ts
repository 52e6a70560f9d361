// Pure: the events that answer one reload or restart → the verdict that its command prints.

import type { CanaryReport } from '../../events/canary-report.ts'
import type { AppEvent } from '../../events/family/app.ts'
import type { ReloadEvent } from '../../events/family/reload.ts'
import type { ReloadVerdict } from '../../protocol/control.ts'

type SlotVerdict = ReloadVerdict['slots'][number]

/** A reload may bring another number of instances, and takes it back when it fails; and somebody may scale the app meanwhile. */
type Scaled = Extract<AppEvent, { type: 'app.scaled' }>

export interface VerdictCollector {
  /** undefined: it goes on. */
  add(event: ReloadEvent | Scaled): ReloadVerdict | undefined
}

/** `slots`: those that it is about. */
export function collectVerdict(app: string, request: string, slots: readonly number[]): VerdictCollector {
  const replaced = new Map<number, SlotVerdict>()
  let generation = 0
  let canary: CanaryReport | undefined
  let kept: number | undefined
  let instances = Number.POSITIVE_INFINITY

  function end(
    outcome: ReloadVerdict['outcome'],
    { tookMs = 0, failure = null, reason = null }: Partial<ReloadVerdict>,
  ): ReloadVerdict {
    // After a rollback nothing that was replaced on the way is left.
    if (outcome === 'rolled-back') replaced.clear()
    const numbers = outcome === 'refused' ? [] : [...new Set([...slots, ...replaced.keys()])].sort((a, b) => a - b)
    const rest = kept === 0 ? 'down' : 'kept'
    const verdicts = numbers.map((slot): SlotVerdict => {
      if (slot === failure?.slot) return { slot, outcome: 'failed', pid: null, bootMs: null }
      if (slot >= instances) return { slot, outcome: 'removed', pid: null, bootMs: null }
      return replaced.get(slot) ?? { slot, outcome: rest, pid: null, bootMs: null }
    })
    return {
      app,
      request,
      outcome,
      generation,
      tookMs,
      slots: verdicts,
      failure,
      reason,
      ...(canary !== undefined && { canary }),
      ...(kept !== undefined && { kept }),
    }
  }

  return {
    add: (event) => {
      if (event.type === 'app.scaled') {
        instances = event.to
        return undefined
      }
      if ('generation' in event) generation = event.generation
      switch (event.type) {
        case 'reload.started':
        case 'reload.canaryStarted':
          return undefined
        case 'reload.slotReplaced': {
          const { slot, pid, bootMs } = event
          replaced.set(slot, { slot, outcome: 'replaced', pid, bootMs })
          return undefined
        }
        case 'reload.canaryPassed':
          canary = event.report
          return undefined
        case 'reload.finished':
          return end('finished', { tookMs: event.tookMs })
        case 'reload.rolledBack':
          kept = event.kept
          return end('rolled-back', { tookMs: event.tookMs, failure: event.failure })
        case 'reload.halted':
          return end('halted', { tookMs: event.tookMs, failure: event.failure })
        case 'restart.failed':
          return end('failed', { tookMs: event.tookMs, failure: event.failure })
        case 'reload.superseded':
          return end('superseded', { reason: SUPERSEDED_BY[event.by] })
        case 'request.refused':
          return end('refused', { reason: event.reason })
      }
    },
  }
}

/** Nothing was tried. */
export function unattempted(app: string, reason: string): ReloadVerdict {
  return { app, request: '', outcome: 'refused', generation: 0, tookMs: 0, slots: [], failure: null, reason }
}

const SUPERSEDED_BY = {
  stop: 'it was stopped meanwhile',
  reload: 'a newer reload takes its place',
  restart: 'a restart takes its place',
  failure: 'the app was given up meanwhile',
} as const
