import { describe, expect, test } from 'vitest'
import { renderIncident } from '../../../src/cli/render/incident.ts'
import { renderIncidents } from '../../../src/cli/render/incidents.ts'
import { summaryOf } from '../../../src/incidents/incident.ts'
import { paintAnsi, paintNothing } from '../../../src/process/output/colour.ts'
import { sampleIncident } from '../../incidents/sample-incident.ts'
import { lines, WALL } from '../../incidents/story.ts'

const style = { width: 80, paint: paintNothing, now: WALL + 60_000, lines: 20, runbook: '/docs/runbooks/crash.md' }

describe('one incident', () => {
  test('says what happened, since when, what resil saw and did, and what to do next', () => {
    expect(renderIncident(sampleIncident(), style)).toBe(`crash of web: incident 0y2cw0, which goes on

What happened
  web:0 (pid 4001) exited with code 1 after 3 s
  TypeError: x is not a function

Since when
  2026-01-01 00:00:00 UTC (1 min ago), 2 failures in all, the last news 58 s ago

What resil saw
  00:00:00   web:0 (pid 4001) exited with code 1 after 3 s
  memory       ▁▃█  50 MiB → 80 MiB, at most 80 MiB
  heap           ▁  1 MiB
  CPU          ▁▄█  10 % → 100 %, at most 100 %
  loop busy    ▁▅█  10 % → 30 %, at most 30 %
  connections  ▁▅█  1 → 3, at most 3
  requests/s    ▁█  10 → 40, at most 40
  its main thread is in spin (/app/server.js:12:9)
    spin (/app/server.js:12:9)

The last it said
  TypeError: x is not a function
      at /app/server.js:12:9

What resil did
  started web:0 again at once: a first crash is restarted without a wait

What to do next
  resil logs web --since 10m   what was said around then
  resil reload web             when the release is mended
  resil status --watch         how it is now

Runbook
  /docs/runbooks/crash.md
`)
  })

  test('fits a phone: no line of its own is longer than the screen', () => {
    const narrow = renderIncident(sampleIncident({ lines: [] }), { ...style, width: 44, runbook: 'r' })
    const long = narrow.split('\n').filter((line) => line.length > 44 && !line.includes('→'))
    expect(long).toEqual([])
  })

  test('one that is over says how long it lasted', () => {
    const over = sampleIncident({ state: 'resolved', endedAt: WALL + 5_000, failures: 1 })
    expect(renderIncident(over, style)).toContain('(1 min ago), over 55 s ago: it lasted 5 s')
    expect(renderIncident(over, style)).toMatch(/^crash of web: incident 0y2cw0, which is over\n/)
  })

  test("shows as many of the worker's lines as asked, and counts the others", () => {
    const incident = sampleIncident({ lines: lines('a', 'b', 'c', 'd') })
    expect(renderIncident(incident, { ...style, lines: 2 })).toContain('  (2 earlier lines)\n  c\n  d\n')
    expect(renderIncident(incident, { ...style, lines: 0 })).not.toContain('The last it said')
  })

  test('what an app says moves no cursor', () => {
    const incident = sampleIncident({ lines: lines('\u001b[2Jgone\u0007 \u001b[31mred\u001b[0m\ttab') })
    expect(renderIncident(incident, style)).toContain('  gone red\ttab\n')
  })

  test('colour is where colour may be', () => {
    expect(renderIncident(sampleIncident(), { ...style, paint: paintAnsi })).toContain('\u001b[31mcrash of web')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colour is what is looked for
    expect(renderIncident(sampleIncident(), style)).not.toMatch(/\u001b/)
  })
})

describe('a list', () => {
  test('has a row for each, and what it was', () => {
    const all = [
      summaryOf(
        sampleIncident({ id: '0y2cw9', kind: 'disk-full', app: null, workers: [], hint: null, summary: 'full' }),
      ),
      summaryOf(sampleIncident({ state: 'resolved', endedAt: WALL + 1_500 })),
    ]
    expect(renderIncidents(all, style)).toBe(`ID      KIND       WHO    STATE      BEGAN     LASTED
0y2cw9  disk-full  -      open      1m ago  1m so far  2x
        full
0y2cw0  crash      web:0  resolved  1m ago      1.5 s  2x
        TypeError: x is not a function
`)
    const narrow = renderIncidents(all, { ...style, width: 40 }).split('\n')
    for (const line of narrow) expect(line.length).toBeLessThanOrEqual(40)
    expect(narrow[0]).toMatch(/^ID +KIND +.*STATE/)
  })

  test('that is empty says so', () => {
    expect(renderIncidents([], style)).toBe('no incidents are recorded\n')
  })
})
