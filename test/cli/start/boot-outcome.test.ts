import { describe, expect, it } from 'vitest'
import { type BootOutcome, watchBoot } from '../../../src/cli/start/boot-outcome.ts'
import type { ResilEvent } from '../../../src/events/events.ts'

const running = (app: string, ports: readonly number[] = [3000]): ResilEvent => {
  return { type: 'app.running', app, ready: 2, instances: 2, ports, bootMs: 300 }
}
const ready = (app: string): ResilEvent => {
  return { type: 'worker.ready', worker: { app, slot: 0, id: 1, pid: 9, generation: 1 }, bootMs: 1, by: 'listening' }
}
const gateOpened = (app: string): ResilEvent => {
  return { type: 'gate.opened', app, slot: 1, cause: 'crash-window', crashes: 6, retryInMs: 30_000 }
}
const failed = (app: string): ResilEvent => ({ type: 'app.failed', app, reason: 'never-ready', exit: null })
const ended = (app: string, exitCode: number): ResilEvent => ({ type: 'app.ended', app, exitCode })

/** The outcome, which must come with the last event and not before. */
function outcomeOf(apps: readonly string[], events: readonly ResilEvent[]): BootOutcome | undefined {
  const progress = watchBoot(apps)
  const outcomes = events.map((event, index) => progress.add({ ...event, at: index, seq: index + 1 }))
  expect(outcomes.slice(0, -1).every((outcome) => outcome === undefined)).toBe(true)
  return outcomes.at(-1)
}

describe('a start has come to an end', () => {
  it.each<[string, string[], ResilEvent[], boolean, string[]]>([
    ['when all workers are ready', ['web'], [ready('web'), running('web')], true, ['web: 2 of 2 ready on port 3000']],
    ['also without ports', ['jobs'], [running('jobs', [])], true, ['jobs: 2 of 2 ready']],
    ['on several ports', ['web'], [running('web', [80, 443])], true, ['web: 2 of 2 ready on port 80 and 443']],
    [
      'when every app has come to something',
      ['web', 'jobs'],
      [running('jobs', []), running('web')],
      true,
      ['web: 2 of 2 ready on port 3000', 'jobs: 2 of 2 ready'],
    ],
    ['when the work is done', ['jobs'], [ended('jobs', 0)], true, ['jobs: ended with code 0']],
    ['when the work has failed', ['jobs'], [ended('jobs', 3)], false, ['jobs: ended with code 3']],
    [
      'when one app has failed and the others run',
      ['web', 'jobs'],
      [failed('jobs'), running('web')],
      false,
      ['web: 2 of 2 ready on port 3000', 'jobs: failed'],
    ],
    [
      'when some workers serve and others crash for good',
      ['web'],
      [ready('web'), gateOpened('web')],
      false,
      ['web: serves, but workers crash again and again'],
    ],
  ])('%s', (_, apps, events, ok, lines) => {
    expect(outcomeOf(apps, events)).toEqual({ ok, lines })
  })

  it.each<[string, string[], ResilEvent[]]>([
    ['a worker is ready', ['web'], [ready('web')]],
    ['another app runs', ['web', 'jobs'], [running('web')]],
    ['a gate opens before anything serves: boot failures have a law of their own', ['web'], [gateOpened('web')]],
  ])('not when only %s', (_, apps, events) => {
    expect(outcomeOf(apps, events)).toBeUndefined()
  })
})
