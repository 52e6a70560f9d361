// An incident with all that one can hold, for those who keep and show incidents.

import type { Incident } from '../../src/incidents/incident.ts'
import { exit, lines, WALL } from './story.ts'

export function sampleIncident(overrides: Partial<Incident> = {}): Incident {
  return {
    version: 1,
    id: '0y2cw0',
    kind: 'crash',
    state: 'open',
    supervisor: { name: 'shop', pid: 1, version: '0.1.0', node: 'v20.20.2' },
    app: 'web',
    about: null,
    workers: [{ slot: 0, worker: 1, pid: 4001, generation: 1 }],
    failures: 2,
    begunAt: WALL,
    updatedAt: WALL + 2_000,
    endedAt: null,
    summary: 'web:0 (pid 4001) exited with code 1 after 3 s',
    hint: 'TypeError: x is not a function',
    exit: exit(),
    decision: { did: 'started web:0 again at once', why: 'a first crash is restarted without a wait' },
    timeline: [{ at: WALL, type: 'worker.exited', text: 'web:0 (pid 4001) exited with code 1 after 3 s' }],
    omitted: 0,
    lines: lines('TypeError: x is not a function', '    at /app/server.js:12:9'),
    samples: {
      at: [WALL - 2_000, WALL - 1_000, WALL],
      cpu: [10, 50, 100],
      rss: [50 * 2 ** 20, 60 * 2 ** 20, 80 * 2 ** 20],
      heapUsed: [null, null, 2 ** 20],
      delayP99Ms: [null, null, null],
      utilization: [0.1, 0.2, 0.3],
      connections: [1, 2, 3],
      requests: [10, 20, 60],
    },
    evidence: [
      {
        at: WALL,
        slot: 0,
        pid: 4001,
        evidence: {
          kind: 'stack',
          frames: [{ name: 'spin', file: '/app/server.js', line: 12, column: 9 }],
          tookMs: 40,
        },
      },
    ],
    ...overrides,
  }
}
