import { describe, expect, it } from 'vitest'
import type { HangLimits } from '../../src/config/settings.ts'
import type { ResilEvent } from '../../src/events/events.ts'
import { type Loop, startLoop } from '../../src/process/loop.ts'
import type { Command } from '../../src/supervisor/commands.ts'
import type { Input } from '../../src/supervisor/inputs.ts'
import { initialState } from '../../src/supervisor/state/supervisor.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { appSettings, supervisorSettings } from '../support/simulation.ts'

function setUp(execute: (command: Command, submit: (input: Input) => void) => void, hang: HangLimits | null = null) {
  const clock = fakeClock()
  const events: ResilEvent[] = []
  /** What is read when a late timer lets it. */
  const arrives: Input[] = []
  const settings = supervisorSettings([
    appSettings({ instances: 2, watchdogs: { memory: null, cpu: null, eventLoop: null, hang } }),
  ])
  const loop: Loop = startLoop({
    initial: initialState({ settings, foreground: true, cpus: 4, seed: 1, now: clock.now() }),
    clock,
    execute,
    publish: (event) => events.push(event),
    afterReading: (run) => {
      arrives.splice(0).forEach((input) => {
        loop.submit(input)
      })
      run()
    },
  })
  return { clock, events, loop, arrives }
}

describe('the loop', () => {
  it('works off inputs that arrive while it executes, in order, before it returns', () => {
    const { loop, events } = setUp((command, submit) => {
      if (command.type === 'fork') submit({ type: 'worker.forked', worker: command.worker, pid: 100 + command.worker })
    })
    loop.submit({ type: 'tick' })
    expect(events.map(({ type }) => type)).toEqual(['worker.forked', 'worker.forked'])
  })

  it('carries out the other commands when one throws, and tells of the fault', () => {
    const carried: number[] = []
    const { loop, events } = setUp((command) => {
      if (command.type !== 'fork') return
      carried.push(command.worker)
      if (command.worker === 1) throw new Error('no luck')
    })
    loop.submit({ type: 'tick' })
    expect(carried).toEqual([1, 2])
    expect(events).toMatchObject([{ type: 'supervisor.faulted', message: 'fork: no luck' }])
  })

  it('arms one timer for the next deadline and looks again then, without being asked', () => {
    const signals: string[] = []
    const { loop, clock } = setUp((command) => {
      if (command.type === 'signal') signals.push(command.signal)
    })
    loop.submit({ type: 'tick' })
    expect(clock.pending).toBe(1)
    clock.advance(30_000)
    expect(signals).toEqual(['SIGTERM', 'SIGTERM'])
    clock.advance(2_000)
    expect(signals).toEqual(['SIGTERM', 'SIGTERM', 'SIGKILL', 'SIGKILL'])
  })

  it.each([
    ['', () => {}],
    [
      ', and a beat that means nothing comes right after it',
      (submit: (input: Input) => void) =>
        submit({
          type: 'worker.beat',
          worker: 2,
          heapUsed: 1,
          delayP99Ms: 1,
          utilization: 0,
          connections: 0,
          requests: 0,
        }),
    ],
  ])('misses no deadline that passes while a command is carried out%s', (_, then) => {
    const forks: number[] = []
    const { loop, clock } = setUp((command, submit) => {
      if (command.type !== 'fork') return
      forks.push(command.worker)
      clock.stall(3_000)
      then(submit)
    })
    const crash = (worker: number) =>
      loop.submit({ type: 'worker.exited', worker, code: 1, signal: null, forkError: null, oomKilled: false })
    loop.submit({ type: 'tick' })
    for (const worker of [1, 2]) loop.submit({ type: 'worker.listening', worker, port: 3000, address: null })
    crash(1)
    crash(3)
    // Slot 0 now waits a second; the fork for slot 1 takes three.
    crash(2)
    expect(forks).toEqual([1, 2, 3, 4])
    clock.advance(0)
    expect(forks).toEqual([1, 2, 3, 4, 5])
  })

  it('kills no boot for the time in which it was stopped itself', () => {
    const signals: string[] = []
    const { loop, clock } = setUp((command) => {
      if (command.type === 'signal') signals.push(command.signal)
    })
    loop.submit({ type: 'tick' })
    clock.advance(20_000)
    clock.stall(600_000)
    clock.advance(0)
    expect(signals).toEqual([])
    clock.advance(30_000)
    expect(signals).toEqual(['SIGTERM', 'SIGTERM'])
  })

  it('reads what has arrived before it judges anybody, when its timer fires late', () => {
    const { loop, clock, events, arrives } = setUp(() => {}, {
      suspectAfterMs: 2_500,
      replaceAfterMs: 10_000,
      evidence: 'stack',
      action: 'auto',
    })
    const beat = (worker: number) =>
      ({
        type: 'worker.beat',
        worker,
        heapUsed: 1,
        delayP99Ms: 0,
        utilization: 0,
        connections: 0,
        requests: 0,
      }) as const
    loop.submit({ type: 'tick' })
    for (const worker of [1, 2]) loop.submit({ type: 'worker.listening', worker, port: 3000, address: null })
    clock.advance(2_000)
    // Half a second is left; it takes 900 ms, too few to be called asleep. One beat lies in the pipe, the other was never sent.
    clock.stall(900)
    arrives.push(beat(1))
    clock.advance(0)
    const suspected = events.filter(({ type }) => type === 'worker.suspected')
    expect(suspected).toMatchObject([{ worker: { id: 2 } }])
  })

  it('has no timer left once it is closed', () => {
    const { loop, clock, events } = setUp(() => {})
    loop.submit({ type: 'tick' })
    loop.close()
    loop.submit({ type: 'worker.forked', worker: 1, pid: 5 })
    expect(clock.pending).toBe(0)
    expect(events).toEqual([])
  })
})
