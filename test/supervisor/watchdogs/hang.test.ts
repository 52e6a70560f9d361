import { describe, expect, it } from 'vitest'
import type { HangLimits } from '../../../src/config/settings.ts'
import { alibiOf, type Examination, type HangVerdict, judge } from '../../../src/supervisor/watchdogs/hang.ts'

const limits: HangLimits = { suspectAfterMs: 2_500, replaceAfterMs: 10_000, evidence: 'stack', action: 'auto' }

const look = (given: Partial<Examination>): Examination => ({
  at: 10_000,
  state: 'R',
  cpuMs: 8_000,
  heldBy: null,
  connected: true,
  ...given,
})
/** When it turned suspect, 2.5 s after its last beat. */
const first = look({ at: 2_500, cpuMs: 500 })
const end: HangVerdict = { do: 'end' }
const wait: HangVerdict = { do: 'wait', until: 20_000 }
const leave = (because: 'stopped' | 'debugger' | 'diagnosis' | 'unreachable'): HangVerdict => ({ do: 'leave', because })

describe('a worker that was silent for too long', () => {
  it.each<[name: string, first: Examination | null, last: Examination, verdict: HangVerdict]>([
    ['and spins: it goes', first, look({}), end],
    ['and sleeps in a call that does not return: it goes', first, look({ state: 'S', cpuMs: 500 }), end],
    ['and waits for a disk: it goes', first, look({ state: 'D', cpuMs: 500 }), end],
    ['and can run, but is hardly let: twice the time', first, look({ cpuMs: 600 }), wait],
    ['and gets a tenth of a core: it goes', first, look({ cpuMs: 1_250 }), end],
    ['and gets a fair share among hogs: it goes', first, look({ cpuMs: 4_000 }), end],
    ['and is starved still after twice the time: it goes', first, look({ at: 20_000, cpuMs: 600 }), end],
    ['and nothing is known of it: it goes', null, look({ state: null, cpuMs: null }), end],
    ['and was not seen before: it goes', null, look({ cpuMs: 600 }), end],
    ['and is stopped: it stays', first, look({ state: 'T', cpuMs: 500 }), leave('stopped')],
    ['and is stopped by its tracer: it stays', first, look({ state: 't', cpuMs: 500 }), leave('stopped')],
    ['and a debugger is attached: it stays', first, look({ heldBy: 'debugger' }), leave('debugger')],
    ['and is being diagnosed: it stays', first, look({ heldBy: 'diagnosis' }), leave('diagnosis')],
    ['and has closed its channel: it stays', first, look({ connected: false }), leave('unreachable')],
  ])('%s', (_name, before, last, verdict) => {
    expect(judge(before, last, 0, limits)).toEqual(verdict)
  })
})

describe('a worker that fails its liveness probe', () => {
  it.each<[name: string, seen: Partial<Examination>, waitedForCpu: number, alibi: ReturnType<typeof alibiOf>]>([
    ['has none', {}, 0, null],
    ['a breakpoint', { heldBy: 'debugger', state: 'S' }, 0, 'debugger'],
    ['a heap snapshot', { heldBy: 'diagnosis' }, 0, 'diagnosis'],
    ['SIGSTOP', { state: 'T' }, 0, 'stopped'],
    ['strace', { state: 't' }, 0, 'stopped'],
    ['no CPU most of the time', {}, 0.5, 'starved'],
    ['a fair share among a few', { state: 'R' }, 0.4, null],
    ['a kernel that does not tell', { state: 'R' }, Number.NaN, null],
    ['a channel that it has closed: it was asked past it', { connected: false }, 0, null],
  ])('%s', (_, seen, waitedForCpu, alibi) => expect(alibiOf(look(seen), waitedForCpu)).toBe(alibi))
})
