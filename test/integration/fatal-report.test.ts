// watchdogs.fatalReport by the built CLI: what V8 said when a worker's heap was full is in the incident, and no secret is on the disk.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Incident } from '../../src/incidents/incident.ts'
import { assertNoProcessLeft, tempDir } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { fixture, type Service, startService } from '../support/service.ts'

afterEach(() => assertNoProcessLeft())

const SECRET = 's3cret-of-the-app'

async function serving(node: string, config: object, env: Record<string, string>): Promise<Service> {
  const settings = {
    name: 'web',
    script: fixture('heap-limit.cjs'),
    args: [`--token=${SECRET}`],
    instances: 1,
    nodeArgs: '--max-old-space-size=32',
    watchdogs: { fatalReport: true },
    ...config,
  }
  const cwd = tempDir({ 'resilience.config.json': JSON.stringify(settings) })
  const service = await startService(null, { node, cwd, env })
  await service.event('app.running')
  return service
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a worker that fills its heap leaves a report for its incident, without environment and arguments', async () => {
    const stateDir = tempDir()
    const service = await serving(node, {}, { RESIL_STATE_DIR: stateDir, API_KEY: SECRET })
    service.get('/fill').catch(() => {})
    const exited = await service.event('worker.exited')
    const [taken] = service.events('evidence.taken')
    if (taken?.evidence.kind !== 'report') throw new Error('there is no report')
    expect(taken).toMatchObject({
      worker: exited.worker,
      evidence: { event: expect.stringContaining('heap out of memory'), heap: { usedBytes: expect.any(Number) } },
    })
    const lineOf = (type: string): number => service.lines.findIndex((line) => line.includes(`"type":"${type}"`))
    expect(lineOf('evidence.taken')).toBeLessThan(lineOf('worker.exited'))
    const { file } = taken.evidence
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ header: { trigger: 'OOMError' } })

    const { kind } = await service.event('incident.opened')
    expect(kind).toBe('oom')
    const why = await service.resil(['why', '--json'])
    const { incident } = JSON.parse(why.stdout) as { incident: Incident }
    expect(incident.evidence).toMatchObject([{ evidence: { kind: 'report', file } }])
    const { stdout } = await service.resil(['why'])
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/a diagnostic report \(.*MiB of heap in use, of at most .*\) in/)
    expect(stdout).toContain(file.slice(file.lastIndexOf('/') + 1))
    await service.stop()
    for (const path of filesIn(stateDir)) expect(readFileSync(path, 'utf8'), path).not.toContain(SECRET)
  })

  it('the app finds none of it in process.execArgv, which it hands on to what it starts', async () => {
    const service = await serving(node, { script: fixture('exec-argv.cjs') }, { RESIL_STATE_DIR: tempDir() })
    expect(JSON.parse(await service.get())).toEqual(['--max-old-space-size=32'])
    await service.stop()
  })

  it('says once that there is no place for reports, and serves without them', async () => {
    const file = join(tempDir({ file: '' }), 'file')
    const service = await serving(node, { instances: 2 }, { RESIL_STATE_DIR: file })
    const told = service.events('supervisor.warned').filter(({ message }) => message.includes('diagnostic reports'))
    expect(told).toHaveLength(1)
    expect(await service.get()).toBe('ok')
    await service.stop()
  })
})
