// What came of a reload or a restart, for people: a sentence, and a row per slot. Pure.

import { canaryWords } from '../../events/canary-report.ts'
import { exitCure, exitWords } from '../../events/describe-exit.ts'
import type { ReloadFailure } from '../../events/family/reload.ts'
import { stallWords } from '../../events/stall-words.ts'
import { duration, list, slotName } from '../../events/words.ts'
import type { ReloadVerdict } from '../../protocol/control.ts'
import { renderChanges } from './plan.ts'
import { columns } from './text.ts'

/** How it was asked for: "reload" or "restart". */
export type RollOutVerb = 'reload' | 'restart'

export function renderVerdict(verdict: ReloadVerdict, verb: RollOutVerb): string {
  return asText([summary(verdict, verb), ...rows(verdict), ...remarks(verdict)])
}

/** Where each slot has been shown as it came. */
export function renderSummary(verdict: ReloadVerdict, verb: RollOutVerb): string {
  return asText([summary(verdict, verb), ...remarks(verdict)])
}

function remarks(verdict: ReloadVerdict): string[] {
  return [...canaryLine(verdict), ...changesOf(verdict), ...nextLine(verdict)]
}

/** An exit code is no reason: the worker's last words are in the incident. */
function nextLine({ app, failure }: ReloadVerdict): string[] {
  return failure === null ? [] : [`  what it said, and what to do: resil why ${app}`]
}

/** What was rolled back has changed nothing. */
function changesOf({ outcome, changes }: ReloadVerdict): string[] {
  return outcome === 'finished' || outcome === 'halted' ? renderChanges(changes) : []
}

function canaryLine({ canary }: ReloadVerdict): string[] {
  return canary === undefined ? [] : [`  canary: ${canaryWords(canary)}`]
}

function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** One line. */
function summary(
  { app, outcome, generation, tookMs, slots, failure, kept, reason }: ReloadVerdict,
  verb: RollOutVerb,
): string {
  switch (outcome) {
    case 'finished':
      return verb === 'reload'
        ? `${app}: reloaded, generation ${generation}, in ${duration(tookMs)}`
        : `${app}: restarted in ${duration(tookMs)}`
    case 'rolled-back':
      return `${app}: ${verb} to generation ${generation} failed and was rolled back, ${kept === 0 ? 'and the old one does not serve either' : 'the old one serves on'}${because(app, failure)}`
    case 'halted':
      return `${app}: ${verb} to generation ${generation} stopped at a failure and was not rolled back (reload.rollback is false), ${mixture(slots)}${because(app, failure)}`
    case 'failed':
      return `${app}: ${verb} failed, later slots were left alone${because(app, failure)}`
    case 'superseded':
      return `${app}: ${verb} ended early: ${reason ?? 'something else came first'}`
    case 'refused':
      return `${app}: ${verb} refused: ${reason ?? 'no reason given'}`
  }
}

function mixture(slots: ReloadVerdict['slots']): string {
  const replaced = slots.filter(({ outcome }) => outcome === 'replaced').length
  return replaced === 0 ? 'the old one serves on' : `${replaced} of ${slots.length} workers are new`
}

function because(app: string, failure: ReloadFailure | null): string {
  if (failure === null) return ''
  const { slot, reason, exit, missing, probe, canary, stall } = failure
  if (canary !== undefined) return `: ${canaryWords(canary)}`
  const who = slotName(app, slot)
  if (reason === 'missing-port')
    return `: the new ${who} did not listen on ${list(missing)}, which the old one does; if that is meant, add --allow-port-change`
  if (probe !== undefined) return `: the new ${who} failed its probe (${probe})`
  if (stall !== undefined) return `: ${stallWords(app, slot, stall)}`
  if (exit === null && reason === 'hang') return `: ${stallWords(app, slot, 'silent')}`
  if (exit === null) return `: the new ${who} did not become ready (${reason})`
  const cure = exitCure(exit)
  return `: the new ${who} ${exitWords(exit)}${cure === '' ? '' : `; ${cure}`}`
}

function rows({ app, slots }: ReloadVerdict): string[] {
  const cells = slots.map(({ slot, outcome, pid, bootMs }) => [
    { text: `  ${slotName(app, slot)}` },
    { text: outcome },
    {
      text: [pid === null ? '' : `pid ${pid}`, bootMs === null ? '' : `ready after ${duration(bootMs)}`]
        .filter(Boolean)
        .join(', '),
    },
  ])
  return columns(cells, ['left', 'left', 'left']).map((line) => line.trimEnd())
}
