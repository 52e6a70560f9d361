import { describe, expect, it } from 'vitest'
import { renderVerdict } from '../../../src/cli/render/verdict.ts'
import type { ReloadVerdict } from '../../../src/protocol/control.ts'
import { exitDetails } from '../../support/fake-port.ts'

const verdict = (given: Partial<ReloadVerdict>): ReloadVerdict => ({
  app: 'web',
  request: 'reload-1',
  outcome: 'finished',
  generation: 3,
  tookMs: 1_240,
  slots: [],
  failure: null,
  reason: null,
  ...given,
})
const replaced = (slot: number, pid: number) => ({ slot, outcome: 'replaced', pid, bootMs: 240 }) as const
const failed = { slot: 1, outcome: 'failed', pid: null, bootMs: null } as const
const kept = (slot: number) => ({ slot, outcome: 'kept', pid: null, bootMs: null }) as const

const CHANGES = {
  settings: [{ key: 'instances', from: '2', to: '4' }],
  env: { added: ['NEW'], removed: [], changed: [] },
  notApplied: [],
}

describe('the verdict, for people', () => {
  it.each<[string, ReloadVerdict, 'reload' | 'restart', string[]]>([
    [
      'a reload',
      verdict({ slots: [replaced(0, 98), replaced(10, 1_234)] }),
      'reload',
      [
        'web: reloaded, generation 3, in 1.2 s',
        '  web:0   replaced  pid 98, ready after 240 ms',
        '  web:10  replaced  pid 1234, ready after 240 ms',
      ],
    ],
    [
      'a restart',
      verdict({ slots: [replaced(0, 98)] }),
      'restart',
      ['web: restarted in 1.2 s', '  web:0  replaced  pid 98, ready after 240 ms'],
    ],
    [
      'a rollback',
      verdict({
        outcome: 'rolled-back',
        generation: 2,
        slots: [kept(0), failed],
        failure: { slot: 1, worker: 9, reason: 'boot-failure', exit: exitDetails(), missing: [] },
      }),
      'reload',
      [
        'web: reload to generation 2 failed and was rolled back, the old one serves on: the new web:1 failed to boot: exited with code 1 after 240 ms',
        '  web:0  kept',
        '  web:1  failed',
        '  what it said, and what to do: resil why web',
      ].map((line) => line.replace('failed to boot: exited', 'exited')),
    ],
    [
      'a rollback for a timeout, with what can be done',
      verdict({
        outcome: 'rolled-back',
        failure: {
          slot: 1,
          worker: 9,
          reason: 'boot-timeout',
          exit: exitDetails({ kind: 'boot-timeout' }),
          missing: [],
        },
      }),
      'reload',
      [
        'web: reload to generation 3 failed and was rolled back, the old one serves on: the new web:1 was not ready in time and was ended after 240 ms; raise ready.timeout, or find what it waits for',
        '  what it said, and what to do: resil why web',
      ],
    ],
    [
      'a rollback to what does not serve',
      verdict({
        outcome: 'rolled-back',
        generation: 2,
        slots: [{ slot: 0, outcome: 'down', pid: null, bootMs: null }, failed],
        kept: 0,
        failure: { slot: 1, worker: 9, reason: 'stalled', exit: null, missing: [], stall: 'unready' },
      }),
      'reload',
      [
        'web: reload to generation 2 failed and was rolled back, and the old one does not serve either: web:1 gets no traffic, since its readiness probe fails',
        '  web:0  down',
        '  web:1  failed',
        '  what it said, and what to do: resil why web',
      ],
    ],
    [
      'a rollback for a port',
      verdict({
        outcome: 'rolled-back',
        failure: { slot: 0, worker: 9, reason: 'missing-port', exit: null, missing: ['3000', '3001'] },
      }),
      'reload',
      [
        'web: reload to generation 3 failed and was rolled back, the old one serves on: the new web:0 did not listen on 3000 and 3001, which the old one does; if that is meant, add --allow-port-change',
        '  what it said, and what to do: resil why web',
      ],
    ],
    [
      'a reload that stopped without a rollback',
      verdict({
        outcome: 'halted',
        slots: [replaced(0, 98), failed],
        failure: { slot: 1, worker: 9, reason: 'missing-port', exit: null, missing: ['3000'] },
      }),
      'reload',
      [
        'web: reload to generation 3 stopped at a failure and was not rolled back (reload.rollback is false), 1 of 2 workers are new: the new web:1 did not listen on 3000, which the old one does; if that is meant, add --allow-port-change',
        '  web:0  replaced  pid 98, ready after 240 ms',
        '  web:1  failed',
        '  what it said, and what to do: resil why web',
      ],
    ],
    [
      'a reload with a canary that passed',
      verdict({
        slots: [replaced(0, 98)],
        canary: {
          observedMs: 30_000,
          fresh: { answered: 100, failed: 0, lagMs: 2 },
          old: { answered: 300, failed: 1, lagMs: 3 },
          maxErrorRate: 0.01,
          maxLagP99Ms: null,
          because: null,
        },
      }),
      'reload',
      [
        'web: reloaded, generation 3, in 1.2 s',
        '  web:0  replaced  pid 98, ready after 240 ms',
        '  canary: the new release failed none of 100 requests, the old one 1 of 300 requests (0.3 %); event loops were 2 ms and 3 ms late',
      ],
    ],
    [
      'a reload that changed the config',
      verdict({ slots: [replaced(0, 98)], changes: CHANGES }),
      'reload',
      [
        'web: reloaded, generation 3, in 1.2 s',
        '  web:0  replaced  pid 98, ready after 240 ms',
        '  changed: instances 2 → 4',
        '  env: + NEW',
      ],
    ],
    [
      'a restart that failed',
      verdict({
        outcome: 'failed',
        slots: [replaced(0, 98), failed],
        failure: { slot: 1, worker: 9, reason: 'fork-failed', exit: null, missing: [] },
      }),
      'restart',
      [
        'web: restart failed, later slots were left alone: the new web:1 did not become ready (fork-failed)',
        '  web:0  replaced  pid 98, ready after 240 ms',
        '  web:1  failed',
        '  what it said, and what to do: resil why web',
      ],
    ],
    [
      'a reload that was superseded',
      verdict({ outcome: 'superseded', reason: 'it was stopped meanwhile' }),
      'reload',
      ['web: reload ended early: it was stopped meanwhile'],
    ],
    [
      'a reload that was refused',
      verdict({ outcome: 'refused', reason: 'a reload (reload-1) is running' }),
      'reload',
      ['web: reload refused: a reload (reload-1) is running'],
    ],
    [
      'a reload that was superseded, whatever it would have changed',
      verdict({ outcome: 'superseded', reason: 'it was stopped meanwhile', changes: CHANGES }),
      'reload',
      ['web: reload ended early: it was stopped meanwhile'],
    ],
  ])('of %s', (_, given, verb, lines) => {
    expect(renderVerdict(given, verb)).toBe(lines.map((line) => `${line}\n`).join(''))
  })
})
