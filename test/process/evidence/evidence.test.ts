// Evidence of workers that a test makes up around real processes: what is asked of whom, and that it always comes to an end.

import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import type { AgentTalk } from '../../../src/process/evidence/agent-talk.ts'
import { type EvidenceSubject, holdOff, takeEvidence } from '../../../src/process/evidence/evidence.ts'
import type { InspectorAccess } from '../../../src/process/evidence/inspector-access.ts'
import { triageOf } from '../../../src/process/evidence/read-proc.ts'
import { assertNoProcessLeft, MARK_VARIABLE, mark } from '../../support/processes.ts'

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  return assertNoProcessLeft()
})

async function run(code: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', `console.log('begun');${code}`], {
    env: { [MARK_VARIABLE]: mark },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child.pid ?? 0
}

/** The kernel's word for it: a signal has been sent, not taken, when kill() returns. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await expect.poll(async () => (await triageOf(pid)).cause).toBe('stopped')
}

interface FakeSubject extends EvidenceSubject {
  readonly calls: string[]
}

function subject(
  pid: number | undefined,
  given: { readonly turns?: boolean; readonly refusal?: string; readonly attached?: boolean } = {},
): FakeSubject {
  const calls: string[] = []
  const aborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  const ask = async (question: { kind: string }, signal: AbortSignal): Promise<unknown> => {
    if (given.turns && question.kind === 'probe') return { kind: 'probe' }
    calls.push(question.kind)
    return aborted(signal)
  }
  const inspector: InspectorAccess = {
    sieve: (line) => line,
    attached: () => given.attached ?? false,
    refusal: () => given.refusal ?? null,
    open: (signal) => {
      calls.push('open')
      return aborted(signal)
    },
    release: () => void calls.push('release'),
    close: () => {},
  }
  const agent: AgentTalk = { connected: true, ask: ask as AgentTalk['ask'] }
  return { process: { pid }, agent, inspector, thread: null, diagnosis: null, calls }
}

const SPIN = 'for(;;);'

describe('triage of a real process', () => {
  it.each([
    ['idle', 'setInterval(()=>{},1e6)'],
    ['on-cpu', SPIN],
    ['lock', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)'],
  ])('finds it %s', async (cause, code) => {
    const pid = await run(code)
    await expect.poll(async () => (await triageOf(pid, false)).cause).toBe(cause)
  })

  it('finds it stopped, and gone', async () => {
    const pid = await run(SPIN)
    await stop(pid)
    process.kill(pid, 'SIGKILL')
    await expect.poll(async () => (await triageOf(pid)).cause).toBe('gone')
  })
})

describe('taking evidence', () => {
  it('ends within its time box, lets go of the inspector, and tells what is left to tell', async () => {
    const spinning = subject(await run(SPIN))
    const evidence = await takeEvidence(spinning, { kind: 'stack' }, { timeBoxMs: 600 })
    // A machine with too much to do is what it tells of then.
    expect(evidence).toEqual({
      kind: 'triage',
      state: 'R',
      waitsIn: null,
      finding: expect.stringMatching(/^(on a CPU, in native code$|starved: )/),
    })
    expect(spinning.calls).toEqual(['probe', 'open', 'release'])
    expect(spinning.diagnosis).toBeNull()
  })

  it('does not touch a worker that is idle, or whose inspector it must leave alone', async () => {
    const idle = subject(await run('setInterval(()=>{},1e6)'), { turns: true })
    await expect
      .poll(() => takeEvidence(idle, { kind: 'stack' }, { timeBoxMs: 600 }))
      .toMatchObject({
        finding: 'waits for events',
      })
    const debugged = subject(await run(SPIN), { refusal: 'a debugger is attached to it' })
    expect(await takeEvidence(debugged, { kind: 'stack' }, { timeBoxMs: 600 })).toMatchObject({
      kind: 'triage',
      finding: expect.stringContaining('(no stack: a debugger is attached to it)'),
    })
    expect([...idle.calls, ...debugged.calls]).toEqual(['probe'])
  })

  it("asks the agent's own thread where there is one, whatever keeps SIGUSR1 away, but not beside a debugger", async () => {
    const frames = [{ name: 'spin', file: '/app/a.js', line: 1, column: 1 }]
    const given = { refusal: 'the app listens for SIGUSR1 itself, so Node opens no inspector' }
    const pid = await run(SPIN)
    const spinning = { ...subject(pid, given), thread: { stack: async () => frames } }
    expect(await takeEvidence(spinning, { kind: 'stack' }, { timeBoxMs: 600 })).toMatchObject({ kind: 'stack', frames })
    const debugged = { ...subject(pid, { attached: true }), thread: { stack: async () => frames } }
    expect(await takeEvidence(debugged, { kind: 'stack' }, { timeBoxMs: 600 })).toMatchObject({
      finding: expect.stringContaining('(no stack: a debugger is attached to it)'),
    })
    expect([...spinning.calls, ...debugged.calls]).toEqual(['probe', 'probe'])
  })

  it('takes one thing at a time, and ends when whoever asked goes away', async () => {
    const spinning = subject(await run(SPIN), { turns: true })
    const controller = new AbortController()
    const profile = { kind: 'cpu-profile', durationMs: 60_000, file: '/nowhere/x' } as const
    const first = takeEvidence(spinning, profile, { timeBoxMs: 60_000, signal: controller.signal })
    expect(await takeEvidence(spinning, { kind: 'stack' }, { timeBoxMs: 600 })).toEqual({
      kind: 'none',
      reason: 'a cpu-profile of it is being taken already',
    })
    expect(holdOff(spinning)).toBe('it is being diagnosed')
    controller.abort(new Error('left'))
    expect(await first).toEqual({ kind: 'none', reason: 'left' })
    expect(holdOff(spinning)).toBeNull()
  })

  it('says why there is none', async () => {
    expect(await takeEvidence(subject(undefined), { kind: 'stack' }, { timeBoxMs: 600 })).toEqual({
      kind: 'none',
      reason: 'there is no process',
    })
    const stopped = subject(await run(SPIN))
    await stop(stopped.process.pid ?? 0)
    const profile = { kind: 'cpu-profile', durationMs: 100, file: '/nowhere/x' } as const
    expect(await takeEvidence(stopped, profile, { timeBoxMs: 2_000 })).toMatchObject({
      reason: expect.stringMatching(/^it is stopped by a signal .*: there is no CPU time to profile$/),
    })
    expect(await takeEvidence(stopped, { kind: 'heap-statistics' }, { timeBoxMs: 2_000 })).toMatchObject({
      reason: expect.stringContaining('only the worker itself can look at its heap'),
    })
  })
})

it('holds off while a person debugs', () => {
  expect(holdOff(subject(1, { attached: true }))).toBe('a debugger is attached')
})
