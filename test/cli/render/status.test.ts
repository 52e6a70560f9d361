import { describe, expect, it } from 'vitest'
import { renderStatus } from '../../../src/cli/render/status.ts'
import { paintAnsi, paintNothing } from '../../../src/process/output/colour.ts'
import { appStatus, exitDetails, statusDocument, workerStatus } from '../../support/fake-port.ts'
import { fc } from '../../support/property.ts'

const plain = { width: 80, paint: paintNothing, now: 1_700_000_000_000 }
const ended = (msAgo: number, given = {}) => exitDetails({ atMs: plain.now - msAgo, ...given })

describe('the status table', () => {
  it('shows a service that is well', () => {
    expect(renderStatus(statusDocument({}), plain)).toBe(
      [
        'web (pid 4100), up 2h 5m, resil 0.1.0, Node v20.19.0, 43M, 0.1%',
        '',
        'web: running, 2 of 2 ready, generation 1, port 3000',
        '  SLOT   PID  STATE  UPTIME  RESTARTS   CPU  MEM    LAG  CONN',
        '     0  4121  ready   2h 5m         0  0.3%  82M  0.4ms     3',
        '     1  4122  ready   2h 5m         0  0.3%  82M  0.4ms     3',
        '',
      ].join('\n'),
    )
  })

  it('tells what the watchdogs have found, and what becomes of it', () => {
    const app = appStatus({
      workers: [
        workerStatus({ limits: ['memory', 'event-loop'], due: 'memory' }),
        workerStatus({ slot: 1, limits: ['cpu'] }),
        workerStatus({ slot: 2, state: 'suspect' }),
        workerStatus({ slot: 3, inRotation: false }),
      ],
    })
    const lines = renderStatus(statusDocument({ apps: [app] }), plain).split('\n')
    expect(lines).toContain('        over its limit for memory and its event loop; to be replaced (memory)')
    expect(lines).toContain('        over its limit for CPU')
    expect(lines).toContain('        its event loop does not turn: resil diagnose web:2')
    expect(lines).toContain('        fails its readiness probe and gets no new connections')
    expect(lines.find((line) => line.startsWith('     3 '))).toMatch(/^ +3 +\d+ +out /)
  })

  it('tells how workers ended, when they come back, and that a gate is open', () => {
    const app = appStatus({
      state: 'degraded',
      ready: 1,
      restarts: 7,
      gate: 'open',
      ports: [3000, 3001],
      workers: [
        workerStatus({ restarts: 2, uptimeMs: 12_000, lastExit: ended(12_500, { kind: 'signal', signal: 'SIGKILL' }) }),
        workerStatus({
          id: null,
          slot: 1,
          pid: null,
          state: 'backoff',
          retryInMs: 3_200,
          restarts: 5,
          cpu: null,
          rss: null,
          eventLoop: { delayP99Ms: null, utilization: null },
          connections: null,
          lastExit: ended(800, { kind: 'boot-failure', errorCode: 'EADDRINUSE', port: 3000 }),
        }),
      ],
    })
    expect(renderStatus(statusDocument({ apps: [app] }), plain)).toBe(
      [
        'web (pid 4100), up 2h 5m, resil 0.1.0, Node v20.19.0, 43M, 0.1%',
        '',
        'web: degraded, 1 of 2 ready, generation 1, ports 3000 and 3001, 7 restarts',
        '  too many crashes: restarts wait behind a gate, and one worker at a time is',
        '  tried',
        '  SLOT   PID  STATE       UPTIME  RESTARTS   CPU  MEM    LAG  CONN',
        '     0  4121  ready          12s         2  0.3%  82M  0.4ms     3',
        '        the worker before was killed by SIGKILL after 240 ms, 13 s ago',
        '     1     -  backoff 3s       -         5     -    -      -     -',
        '        the last worker failed to boot: it could not listen on port 3000',
        '        (EADDRINUSE) and exited with code 1 after 240 ms, 800 ms ago',
        '',
      ].join('\n'),
    )
  })

  it('tells which circuit breakers are not closed, and which bulkheads are full', () => {
    const counts = { workers: 4, calls: 90, failures: 40 }
    const room = { workers: 4, limit: 40, rejected: 7 }
    const app = appStatus({
      breakers: [
        { name: 'calm', state: 'closed', openIn: 0, rejected: 0, ...counts },
        { name: 'payments', state: 'open', openIn: 1, rejected: 12, ...counts },
        { name: 'search', state: 'half-open', openIn: 0, rejected: 1, ...counts },
        { name: 'mail', state: 'forced-open', openIn: 1, rejected: 2, ...counts, workers: 1 },
      ],
      bulkheads: [
        { name: 'calm', fullIn: 0, inFlight: 3, queued: 0, ...room },
        { name: 'db', fullIn: 2, inFlight: 31, queued: 5, ...room },
      ],
    })
    expect(
      renderStatus(statusDocument({ apps: [app] }), { ...plain, width: 100 })
        .split('\n')
        .slice(3, 7),
    ).toEqual([
      '  circuit breaker "payments" is open in 1 of 4 workers: 12 calls not let through',
      '  circuit breaker "search" is half-open: 1 call not let through',
      '  circuit breaker "mail" is forced-open: 2 calls not let through',
      '  bulkhead "db" is full in 2 of 4 workers: 5 waiting, 7 calls not let through',
    ])
  })

  it('says nothing about an end that somebody wanted', () => {
    const workers = [workerStatus({ lastExit: ended(5_000, { kind: 'planned', signal: 'SIGTERM' }) })]
    const text = renderStatus(statusDocument({ apps: [appStatus({ workers, instances: 1, ready: 1 })] }), plain)
    expect(text).not.toContain('worker before')
  })

  it('shows an app without ports and workers, and a supervisor that stops', () => {
    const app = appStatus({ name: 'jobs', state: 'waiting', ports: [], workers: [], instances: 1, ready: 0 })
    expect(renderStatus(statusDocument({ apps: [app], state: 'stopping' }), plain)).toBe(
      [
        'web (pid 4100), up 2h 5m, resil 0.1.0, Node v20.19.0, 43M, 0.1%, stopping',
        '',
        'jobs: waiting, 0 of 1 ready, generation 1',
        '',
      ].join('\n'),
    )
  })

  it('drops columns on a narrow terminal, never a row, and breaks the lines above', () => {
    const lines = renderStatus(statusDocument({}), { ...plain, width: 40 }).split('\n')
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40)
    expect(lines.slice(-6, -1)).toEqual([
      'web: running, 2 of 2 ready,',
      '  generation 1, port 3000',
      '  SLOT   PID  STATE  UPTIME  RESTARTS',
      '     0  4121  ready   2h 5m         0',
      '     1  4122  ready   2h 5m         0',
    ])
  })

  it('fits into 80 columns with the largest numbers that there are', () => {
    const worker = workerStatus({
      slot: 1_023,
      pid: 4_194_304,
      state: 'backoff',
      uptimeMs: 999 * 86_400_000,
      restarts: 99_999,
      cpu: 12_800,
      rss: 1_023 * 1024 ** 3,
      eventLoop: { delayP99Ms: 59_000, utilization: 1 },
      connections: 65_535,
      retryInMs: 300_000,
    })
    const [head, row] = renderStatus(statusDocument({ apps: [appStatus({ workers: [worker] })] }), plain)
      .split('\n')
      .slice(3)
    expect(head).toContain('CONN')
    expect(row?.length).toBeLessThanOrEqual(80)
  })

  it('colours states where it may, and changes nothing else by it', () => {
    const document = statusDocument({ apps: [appStatus({ state: 'failed' })] })
    const coloured = renderStatus(document, { ...plain, paint: paintAnsi })
    expect(coloured).toContain('web: \u001b[31mfailed\u001b[39m, 2 of 2')
    expect(coloured).toContain('\u001b[32mready\u001b[39m')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what colours are made of
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderStatus(document, plain))
  })

  it('has a line for every worker at any width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 20 }), (width, count) => {
        const workers = Array.from({ length: count }, (_, slot) => workerStatus({ slot, pid: 10_000 + slot }))
        const lines = renderStatus(statusDocument({ apps: [appStatus({ workers })] }), { ...plain, width }).split('\n')
        for (const { pid } of workers) expect(lines.filter((line) => line.includes(` ${pid} `))).toHaveLength(1)
      }),
    )
  })
})

describe('connections', () => {
  const told = (document: ReturnType<typeof statusDocument>) => renderStatus(document, plain)

  it('of an app that gets them otherwise than in turn are told', () => {
    expect(told(statusDocument({ apps: [appStatus({ schedule: 'reuse-port' })] }))).toContain(
      'generation 1, reuse-port, port 3000',
    )
    expect(told(statusDocument({ apps: [appStatus()] }))).toContain('generation 1, port 3000')
  })

  it.each([
    ['sticky', 'clients behind one proxy share a worker'],
    ['shared', 'no worker can be taken out of rotation'],
    ['reuse-port', 'a busy worker gets connections too'],
  ] as const)('what %s gives away is said with it', (schedule, words) => {
    const said = told(statusDocument({ apps: [appStatus({ schedule })] })).replaceAll(/\s+/g, ' ')
    expect(said).toContain(words)
    expect(told(statusDocument({}))).not.toContain(words)
  })

  it('what this Node lacks is told, and nothing where it lacks nothing', () => {
    const document = statusDocument({})
    const { connections } = document.supervisor
    const cures = { ...connections.cures, holdTheDoor: 'off: this Node has no net.Server._listen2' }
    const lacking = { ...document, supervisor: { ...document.supervisor, connections: { ...connections, cures } } }
    expect(told(lacking)).toContain('holding the door is off: this Node has no net.Server._listen2')
    expect(told(document)).not.toContain('off')
  })
})
