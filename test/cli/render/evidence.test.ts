import { expect, it } from 'vitest'
import { renderEvidence } from '../../../src/cli/render/evidence.ts'
import type { Evidence } from '../../../src/events/evidence.ts'
import { paintNothing } from '../../../src/process/output/colour.ts'

const own = { name: 'parse', file: '/srv/app.js', line: 12, column: 7 }
const anonymous = { name: '', file: '/srv/app.js', line: 3, column: 1 }
const nodes = { name: 'listOnTimeout', file: 'node:internal/timers', line: 581, column: 17 }
const gc = { name: '(garbage collector)', file: null, line: null, column: null }

function render(evidence: Evidence, paint = paintNothing): string[] {
  return renderEvidence({ app: 'web', slot: 2, pid: 4121, evidence }, { paint }).trimEnd().split('\n')
}

it.each<[Evidence, string[]]>([
  [
    { kind: 'stack', frames: [own, anonymous, nodes], tookMs: 140 },
    [
      'web:2 (pid 4121): stood here (140 ms to find out)',
      '  at parse (/srv/app.js:12:7)',
      '  at (anonymous) (/srv/app.js:3:1)',
      '  at listOnTimeout (node:internal/timers:581:17)',
    ],
  ],
  [{ kind: 'stack', frames: [], tookMs: 1 }, ['web:2 (pid 4121): its main thread runs no JavaScript']],
  [
    { kind: 'triage', state: 'S', waitsIn: 'ep_poll', finding: 'waits for events' },
    ['web:2 (pid 4121) waits for events'],
  ],
  [
    { kind: 'triage', state: 'R', waitsIn: null, finding: 'on a CPU, in native code' },
    ['web:2 (pid 4121) is on a CPU, in native code'],
  ],
  [
    {
      kind: 'cpu-profile',
      file: '/tmp/x.cpuprofile',
      durationMs: 2_000,
      top: [
        { ...own, selfRatio: 0.7 },
        { ...gc, selfRatio: 0.025 },
      ],
    },
    [
      'web:2 (pid 4121): CPU profile of 2 s',
      '  SELF  FUNCTION             WHERE',
      '   70%  parse                /srv/app.js:12:7',
      '  2.5%  (garbage collector)',
      'written to /tmp/x.cpuprofile',
      'open it in Chrome DevTools (chrome://inspect, Performance), or with an editor that knows .cpuprofile',
    ],
  ],
  [
    {
      kind: 'heap-statistics',
      numbers: { used_heap_size: 90 * 2 ** 20, heap_size_limit: 100 * 2 ** 20, external_memory: 2 ** 20 },
      spaces: { new_space: 2 ** 20, old_space: 89 * 2 ** 20, read_only_space: 0 },
    },
    [
      'web:2 (pid 4121): 90 MiB of heap in use, of at most 100 MiB (90%)',
      '  old_space                  89 MiB',
      '  new_space                   1 MiB',
      '  external memory (buffers)   1 MiB',
    ],
  ],
  [
    { kind: 'heap-snapshot', file: '/tmp/x.heapsnapshot', bytes: 2 ** 20 },
    [
      'web:2 (pid 4121): a heap snapshot (1 MiB) in /tmp/x.heapsnapshot',
      'open it in Chrome DevTools (Memory, Load); two of them, some time apart, show what grows',
    ],
  ],
])('shows %j', (evidence, lines) => {
  expect(render(evidence)).toEqual(lines)
})

it("lets Node's own frames step back, and the app's stand out", () => {
  const painted = render({ kind: 'stack', frames: [own, nodes], tookMs: 1 }, (text) => `<${text}>`)
  expect(painted.slice(1)).toEqual([
    '  at parse (/srv/app.js:12:7)',
    '  <at listOnTimeout (node:internal/timers:581:17)>',
  ])
})

it('says of an idle profile that the rest was idle', () => {
  const lines = render({ kind: 'cpu-profile', file: '/tmp/x', durationMs: 1_000, top: [{ ...own, selfRatio: 0.01 }] })
  expect(lines).toContain('  the rest of the time it waited for work, or was in functions that each took less')
})
