import { describe, expect, it } from 'vitest'
import { collectVerdict, unattempted, type VerdictCollector } from '../../../src/control/operations/verdict.ts'
import type { ReloadEvent, ReloadFailure } from '../../../src/events/family/reload.ts'
import { exitDetails } from '../../support/fake-port.ts'

const about = { app: 'web', request: 'reload-1' }
const started: ReloadEvent = { ...about, type: 'reload.started', generation: 2, restart: false, slots: 2 }
const replaced = (slot: number): ReloadEvent => {
  return { ...about, type: 'reload.slotReplaced', generation: 2, slot, bootMs: 200 + slot, pid: 50 + slot }
}
const failure: ReloadFailure = { slot: 1, worker: 9, reason: 'boot-failure', exit: exitDetails(), missing: [] }

function verdictOf(events: readonly Parameters<VerdictCollector['add']>[0][]) {
  const collector = collectVerdict('web', 'reload-1', [0, 1])
  const verdicts = events.map((event) => collector.add(event))
  expect(verdicts.slice(0, -1).every((verdict) => verdict === undefined)).toBe(true)
  return verdicts.at(-1)
}

const kept = (slot: number) => ({ slot, outcome: 'kept', pid: null, bootMs: null })
const came = (slot: number) => ({ slot, outcome: 'replaced', pid: 50 + slot, bootMs: 200 + slot })

describe('the verdict on a reload', () => {
  it('that finished names each slot with its new process', () => {
    const finished: ReloadEvent = { ...about, type: 'reload.finished', generation: 2, tookMs: 900 }
    expect(verdictOf([started, replaced(1), replaced(0), finished])).toEqual({
      ...about,
      outcome: 'finished',
      generation: 2,
      tookMs: 900,
      slots: [came(0), came(1)],
      failure: null,
      reason: null,
    })
  })

  it('that finished knows slots which came by scaling meanwhile', () => {
    const finished: ReloadEvent = { ...about, type: 'reload.finished', generation: 2, tookMs: 900 }
    expect(verdictOf([started, replaced(0), replaced(1), replaced(2), finished])?.slots).toHaveLength(3)
  })

  it('that was rolled back has replaced nothing, and says which slot failed', () => {
    const rolledBack: ReloadEvent = {
      ...about,
      type: 'reload.rolledBack',
      generation: 1,
      kept: 2,
      failure,
      tookMs: 900,
    }
    expect(verdictOf([started, replaced(0), rolledBack])).toEqual({
      ...about,
      outcome: 'rolled-back',
      generation: 1,
      tookMs: 900,
      slots: [kept(0), { slot: 1, outcome: 'failed', pid: null, bootMs: null }],
      failure,
      reason: null,
      kept: 2,
    })
  })

  it('that was rolled back to a release that does not serve either keeps nothing', () => {
    const rolledBack: ReloadEvent = { ...about, type: 'reload.rolledBack', generation: 2, kept: 0, failure, tookMs: 9 }
    expect(verdictOf([started, rolledBack])).toMatchObject({
      kept: 0,
      slots: [
        { slot: 0, outcome: 'down' },
        { slot: 1, outcome: 'failed' },
      ],
    })
  })

  it('that brought fewer instances says which slots are gone, unless they are back', () => {
    const scaled = (from: number, to: number) => ({ ...about, type: 'app.scaled', from, to }) as const
    const finished: ReloadEvent = { ...about, type: 'reload.finished', generation: 2, tookMs: 9 }
    expect(verdictOf([started, scaled(2, 1), replaced(0), finished])).toMatchObject({
      slots: [came(0), { slot: 1, outcome: 'removed' }],
    })
    // By somebody else, when the slot had its new worker.
    const theirs = { ...scaled(2, 1), request: 'scale-7' }
    expect(verdictOf([started, replaced(0), replaced(1), theirs, finished])).toMatchObject({
      slots: [came(0), { slot: 1, outcome: 'removed' }],
    })
    const rolledBack: ReloadEvent = { ...about, type: 'reload.rolledBack', generation: 2, kept: 2, failure, tookMs: 9 }
    expect(verdictOf([started, scaled(2, 1), scaled(1, 2), rolledBack])).toMatchObject({
      slots: [kept(0), { slot: 1, outcome: 'failed' }],
    })
  })

  it('that something else ended keeps what had been replaced', () => {
    const superseded: ReloadEvent = { ...about, type: 'reload.superseded', generation: 2, restart: false, by: 'stop' }
    expect(verdictOf([started, replaced(0), superseded])).toMatchObject({
      outcome: 'superseded',
      slots: [came(0), kept(1)],
      reason: 'it was stopped meanwhile',
    })
  })

  it('has the numbers of a canary that passed', () => {
    const report = {
      observedMs: 60_000,
      fresh: { answered: 100, failed: 0, lagMs: 1 },
      old: { answered: 300, failed: 0, lagMs: 1 },
      maxErrorRate: 0.01,
      maxLagP99Ms: null,
      because: null,
    }
    const events: ReloadEvent[] = [
      started,
      replaced(0),
      { ...about, type: 'reload.canaryStarted', generation: 2, slots: [0], observeMs: 60_000 },
      { ...about, type: 'reload.canaryPassed', generation: 2, report },
      replaced(1),
      { ...about, type: 'reload.finished', generation: 2, tookMs: 61_000 },
    ]
    expect(verdictOf(events)).toMatchObject({ outcome: 'finished', canary: report })
  })

  it('that stopped at a failure keeps what had been replaced', () => {
    const halted: ReloadEvent = { ...about, type: 'reload.halted', generation: 2, replaced: 1, failure, tookMs: 900 }
    expect(verdictOf([started, replaced(0), halted])).toMatchObject({
      outcome: 'halted',
      slots: [came(0), { slot: 1, outcome: 'failed' }],
    })
  })

  it('that was refused is about no slot', () => {
    const refused: ReloadEvent = { ...about, type: 'request.refused', reason: 'a reload (x) is running' }
    expect(verdictOf([refused])).toMatchObject({ outcome: 'refused', slots: [], reason: 'a reload (x) is running' })
  })
})

it('a restart that failed keeps the slots that had been restarted before', () => {
  const failed: ReloadEvent = { ...about, type: 'restart.failed', failure, tookMs: 900 }
  expect(verdictOf([{ ...started, restart: true, generation: 4 }, replaced(0), failed])).toMatchObject({
    outcome: 'failed',
    slots: [came(0), { slot: 1, outcome: 'failed' }],
    failure,
  })
})

it('what was not attempted is a refusal with its reason', () => {
  expect(unattempted('jobs', 'because')).toMatchObject({
    app: 'jobs',
    outcome: 'refused',
    slots: [],
    reason: 'because',
  })
})
