import { describe, expect, it } from 'vitest'
import { type ProcTexts, triage } from '../../../src/process/evidence/triage.ts'

interface Look {
  readonly state?: string
  readonly wchan?: string
  readonly syscall?: string
  readonly status?: string
  /** Of 100. */
  readonly ranMs?: number
  /** By other threads of the process. */
  readonly othersMs?: number
  readonly schedstat?: boolean
  readonly children?: ProcTexts['after']['children']
  readonly loopTurns?: boolean | null
}

/** A main thread whose name is as awkward as the kernel allows. */
function stat(state: string, ticks: number): string {
  return `4121 (node) S (odd) ${state} 4100 4100 4100 0 -1 4194304 1 0 0 0 ${ticks} 0 0 0 20 0 11 0 777 0 0`
}

function texts(look: Look): ProcTexts {
  const { state = 'S', ranMs = 0, othersMs = 0, schedstat = true } = look
  const thread = (ms: number, others = 0) => ({
    processStat: stat('S', Math.floor(ms / 10) + Math.floor(others / 10)),
    stat: state === '' ? '' : stat(state, Math.floor(ms / 10)),
    schedstat: schedstat ? `${ms * 1e6} 5000000 12\n` : '',
  })
  const { wchan = '0', syscall = '', status = 'TracerPid:\t0\n', children = [], loopTurns = null } = look
  return {
    before: thread(1_000),
    after: { ...thread(1_000 + ranMs, othersMs), wchan, syscall, status, children },
    elapsedMs: 100,
    loopTurns,
  }
}

const sleepChild = { pid: 123, command: 'sleep 60', state: 'S' }
const zombie = { pid: 124, command: '', state: 'Z' }

describe('what the kernel tells of a main thread', () => {
  it.each<[string, Look, string, string]>([
    ['runs', { state: 'R', ranMs: 99 }, 'on-cpu', 'on a CPU, in native code or JavaScript'],
    ['runs at a fair share', { state: 'R', ranMs: 40 }, 'on-cpu', 'on a CPU, in native code or JavaScript'],
    [
      'could run, and may not',
      { state: 'R', ranMs: 3 },
      'starved',
      'starved: it could run, and got 3 ms of CPU in 100 ms; the machine, or its CPU quota, has no more to give',
    ],
    [
      'runs, by ticks alone',
      { state: 'R', ranMs: 90, schedstat: false },
      'on-cpu',
      'on a CPU, in native code or JavaScript',
    ],
    [
      'runs less than a tick',
      { state: 'R', ranMs: 5, schedstat: false },
      'on-cpu',
      'on a CPU, in native code or JavaScript',
    ],
    [
      'is between two pieces of work',
      { wchan: 'futex_do_wait', ranMs: 80 },
      'on-cpu',
      'on a CPU, in native code or JavaScript',
    ],
    ['waits for events', { wchan: 'do_epoll_wait' }, 'idle', 'waits for events'],
    ['waits for events, older kernel', { wchan: 'ep_poll' }, 'idle', 'waits for events'],
    ['waits for events, place hidden', { syscall: '281 0x11 0x7ff 0x400' }, 'idle', 'waits for events'],
    [
      'has a child, and turns',
      { wchan: 'do_epoll_wait', children: [sleepChild], loopTurns: true },
      'idle',
      'waits for events',
    ],
    ['has a child, not known', { wchan: 'do_epoll_wait', children: [sleepChild] }, 'idle', 'waits for events'],
    [
      'is in spawnSync',
      { wchan: 'do_epoll_wait', children: [sleepChild], loopTurns: false },
      'child',
      'waits for a child process: pid 123 (sleep 60)',
    ],
    [
      'is silent with a child that has ended',
      { wchan: 'do_epoll_wait', children: [zombie], loopTurns: false },
      'idle',
      'waits for events',
    ],
    [
      'is in Atomics.wait',
      { wchan: 'futex_wait_queue' },
      'lock',
      'waits for a lock, or for another thread (Atomics.wait)',
    ],
    [
      'is in Atomics.wait, place hidden',
      { syscall: '202 0x1' },
      'lock',
      'waits for a lock, or for another thread (Atomics.wait)',
    ],
    [
      'waits for the garbage collector',
      { wchan: 'futex_do_wait', ranMs: 10, othersMs: 60 },
      'own-threads',
      'waits for its own threads, which compute: the garbage collector, as a rule',
    ],
    ['reads a pipe', { wchan: 'pipe_read' }, 'system-call', 'waits in a system call (pipe_read)'],
    [
      'waits for a disk',
      { state: 'D', wchan: 'nfs_wait' },
      'disk',
      'waits for a disk, or for storage on a network (nfs_wait)',
    ],
    ['was stopped', { state: 'T' }, 'stopped', 'stopped by a signal (SIGSTOP or SIGTSTP): SIGCONT lets it go on'],
    ['is held by gdb', { state: 't', status: 'TracerPid:\t77\n' }, 'traced', 'held by a debugger, pid 77'],
    [
      'is watched by strace',
      { wchan: 'ep_poll', status: 'TracerPid:\t77\n' },
      'idle',
      'waits for events; pid 77 traces it',
    ],
    ['is a zombie', { state: 'Z' }, 'gone', 'has ended'],
    ['is gone', { state: '' }, 'gone', 'has ended, or /proc does not show it'],
    ['sleeps nobody knows where', {}, 'unknown', 'sleeps; where, this kernel does not tell'],
  ])('one that %s', (_what, look, cause, finding) => {
    expect(triage(texts(look))).toMatchObject({ cause, finding, state: look.state === '' ? '?' : (look.state ?? 'S') })
  })

  it('cuts a long command line', () => {
    const child = { pid: 5, command: `git ${'x'.repeat(100)}`, state: 'R' }
    const { finding } = triage(texts({ wchan: 'ep_poll', children: [child], loopTurns: false }))
    expect(finding).toMatch(/\(git x{55}…\)$/)
  })
})
