import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cleanReport } from '../../../src/process/evidence/clean-report.ts'
import { openFatalReports, reportArgs } from '../../../src/process/evidence/fatal-report.ts'
import { tempDir } from '../../support/temp-dir.ts'

const MIB = 2 ** 20

function report(trigger: string, own: object = {}): string {
  return JSON.stringify({
    header: { event: 'it broke', trigger, commandLine: ['/usr/bin/node', 'app.js', '--token=s3cret'] },
    javascriptStack: { message: 'No stack.', stack: ['Unavailable.'], errorProperties: {} },
    javascriptHeap: { usedMemory: 31 * MIB, memoryLimit: 80 * MIB, heapSpaces: {} },
    environmentVariables: { API_KEY: 's3cret' },
    userLimits: {},
    ...own,
  })
}

function opened(stateDir: string | null) {
  const warnings: string[] = []
  const reports = openFatalReports(stateDir, (message) => warnings.push(message))
  return { reports, warnings }
}

describe('a report of a fatal error', () => {
  it('loses environment and arguments, and tells event and heap', () => {
    const cleaned = cleanReport(report('OOMError'))
    if (typeof cleaned === 'string') throw new Error(cleaned)
    expect(cleaned.text).not.toContain('s3cret')
    expect(JSON.parse(cleaned.text)).toMatchObject({ header: { commandLine: ['/usr/bin/node'] }, userLimits: {} })
    expect(cleaned.told).toEqual({ event: 'it broke', heap: { usedBytes: 31 * MIB, limitBytes: 80 * MIB } })
  })

  it('tells the innermost calls where Node knew them', () => {
    const stack = Array.from({ length: 30 }, (_, n) => `at f${n} (/app/server.js:${n}:1)${'x'.repeat(n * 20)}`)
    const cleaned = cleanReport(report('FatalError', { javascriptStack: { message: '', stack } }))
    if (typeof cleaned === 'string') throw new Error(cleaned)
    expect(cleaned.told.stack).toHaveLength(10)
    expect(cleaned.told.stack?.[0]).toBe('at f0 (/app/server.js:0:1)')
    expect(cleaned.told.stack?.every((frame) => frame.length <= 300)).toBe(true)
  })

  it.each([
    [report('API'), 'not-fatal'],
    [report('Signal'), 'not-fatal'],
    ['{}', 'not-fatal'],
    [report('OOMError').slice(0, -20), 'cut-off'],
    ['', 'cut-off'],
    ['null', 'cut-off'],
  ])('%.60s is %s', (text, expected) => {
    expect(cleanReport(text)).toBe(expected)
  })
})

describe('the flags of Node', () => {
  it('leave out what this Node does not know', () => {
    const known = new Set(['--report-on-fatalerror', '--report-compact', '--report-directory'])
    expect(reportArgs('/state/reports', known)).toEqual([
      '--report-on-fatalerror',
      '--report-compact',
      '--report-directory=/state/reports',
    ])
    expect(reportArgs('/state/reports', { has: () => true })).toContain('--report-exclude-env')
  })

  it('are none where there is no place for reports, which is told once', () => {
    const file = join(tempDir({ file: '' }), 'file')
    for (const stateDir of [null, file]) {
      const { reports, warnings } = opened(stateDir)
      expect([reports.nodeArgs(), reports.nodeArgs()]).toEqual([[], []])
      expect(reports.take(1)).toBeNull()
      expect(warnings).toEqual([expect.stringContaining('set stateDir to a folder that can be written')])
    }
  })
})

describe('the folder of reports', () => {
  function prepared() {
    const dir = join(tempDir(), 'reports')
    const { reports, warnings } = opened(join(dir, '..'))
    reports.nodeArgs()
    return { dir, reports, warnings, leave: (name: string, text: string) => writeFileSync(join(dir, name), text) }
  }

  it('is for its owner alone, and so is what is kept in it', () => {
    const { dir, reports, leave } = prepared()
    leave('report.20261128.012704.77.0.001.json', report('OOMError'))
    leave('report.20261128.012704.78.0.001.json', report('OOMError'))
    const taken = reports.take(77)
    if (taken?.kind !== 'report') throw new Error(`${taken?.kind}`)
    expect(readdirSync(dir).sort()).toEqual([taken.file.slice(dir.length + 1), 'report.20261128.012704.78.0.001.json'])
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(statSync(taken.file).mode & 0o777).toBe(0o600)
    expect(readFileSync(taken.file, 'utf8')).not.toContain('s3cret')
    expect(reports.take(77)).toBeNull()
  })

  it('is closed to others also where it was there before, open', () => {
    const stateDir = tempDir()
    mkdirSync(join(stateDir, 'reports'))
    chmodSync(join(stateDir, 'reports'), 0o755)
    opened(stateDir).reports.nodeArgs()
    expect(statSync(join(stateDir, 'reports')).mode & 0o777).toBe(0o700)
  })

  it('keeps no half report, and none that is too large to be looked through', () => {
    const { dir, reports, leave } = prepared()
    leave('report.20261128.012704.77.0.001.json', report('OOMError').slice(0, 200))
    leave('report.20261128.012704.78.0.001.json', ' '.repeat(8 * MIB + 1))
    expect(reports.take(77)).toMatchObject({ kind: 'none', reason: expect.stringContaining('breaks off') })
    expect(reports.take(78)).toMatchObject({ kind: 'none', reason: expect.stringContaining('8 MiB') })
    expect(readdirSync(dir)).toEqual([])
  })

  it("leaves alone what is not Node's report of a fatal error", () => {
    const { dir, reports, leave } = prepared()
    leave('report.20261128.012704.77.0.001.json', report('API'))
    leave('mine.json', report('OOMError'))
    expect(reports.take(77)).toBeNull()
    expect(readdirSync(dir).sort()).toEqual(['mine.json', 'report.20261128.012704.77.0.001.json'])
  })

  it('cleans what a supervisor that was killed had no time for', () => {
    const { dir, leave } = prepared()
    leave('report.20261128.012704.77.0.001.json', report('OOMError'))
    opened(join(dir, '..')).reports.nodeArgs()
    const [kept = ''] = readdirSync(dir)
    expect(kept).toMatch(/^fatal-\d+-77\.json$/)
    expect(readFileSync(join(dir, kept), 'utf8')).not.toContain('s3cret')
  })

  it.each([
    [25, 1, 20],
    [12, 7 * MIB, 9],
  ])('of %d reports of %d bytes keeps the newest %d', (count, bytes, left) => {
    const { dir, reports, leave } = prepared()
    const oldest = join(dir, 'fatal-1000-1.json')
    for (let n = 1; n < count; n += 1) leave(`fatal-${1000 + n - 1}-${n}.json`, ' '.repeat(bytes))
    leave('report.20261128.012704.77.0.001.json', report('OOMError', { padding: 'x'.repeat(bytes) }))
    expect(reports.take(77)).toMatchObject({ kind: 'report' })
    expect(readdirSync(dir)).toHaveLength(left)
    expect(existsSync(oldest)).toBe(false)
    expect(readdirSync(dir)).toContainEqual(expect.stringMatching(/-77\.json$/))
  })
})
