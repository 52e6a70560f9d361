// `resil why` and `resil incidents`: against a supervisor that answers, and against what one has left on the disk.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Incident } from '../../../src/incidents/incident.ts'
import { sampleIncident } from '../../incidents/sample-incident.ts'
import { runInProcess } from '../../support/cli-context.ts'
import { serve } from '../../support/control.ts'
import { appStatus, fakePort, workerStatus } from '../../support/fake-port.ts'
import { tempDir } from '../../support/temp-dir.ts'

const older = sampleIncident({ id: '0y2cw0' })
const newer = sampleIncident({ id: '0y2cw5', kind: 'oom', state: 'resolved', endedAt: 1, app: 'jobs' })

async function asked(typed: string, incidents: readonly Incident[] = [older, newer], web = appStatus()) {
  const apps = [web, appStatus({ name: 'jobs' })]
  const { path } = await serve(fakePort({ name: 'shop', apps, incidents }))
  return runInProcess(typed.split(' '), { env: { RESIL_SOCKET: path } })
}

/** As a supervisor of that folder has left it. */
function left(root: string, name: string, dir: string, incidents: readonly Incident[], apps = ['web']): string {
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'supervisor.json'), JSON.stringify({ name, dir, entry: 'x', apps, pid: 1 }))
  for (const one of incidents) writeFileSync(join(folder, `${one.id}.json`), JSON.stringify(one))
  return folder
}

const nobody = () => ({ RESIL_RUNTIME_DIR: tempDir() })

describe('a supervisor that answers', () => {
  it('tells what goes on before what happened last', async () => {
    const { code, stdout, stderr } = await asked('why')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('crash of web: incident 0y2cw0, which goes on')
    expect(stdout).toContain('/opt/resil/docs/runbooks/crash.md')
  })

  it('tells one that is named, and the newest of an app', async () => {
    expect((await asked('why 0y2cw5')).stdout).toContain('oom of jobs: incident 0y2cw5')
    expect((await asked('why jobs')).stdout).toContain('oom of jobs: incident 0y2cw5')
  })

  it('tells all of it to scripts', async () => {
    const { stdout } = await asked('why 0y2cw0 --json')
    expect(JSON.parse(stdout)).toEqual({
      incident: older,
      runbook: '/opt/resil/docs/runbooks/crash.md',
      next: expect.arrayContaining([{ command: 'resil logs web --since 10m', why: expect.any(String) }]),
    })
  })

  it('says that nothing has gone wrong', async () => {
    expect((await asked('why', [])).stdout).toBe('nothing has gone wrong: no incident is recorded\n')
    expect(JSON.parse((await asked('why --json', [])).stdout)).toEqual({ incident: null, runbook: null, next: [] })
  })

  it('tells of a worker that hangs before it is an incident, ahead of what is over', async () => {
    const hanging = appStatus({ workers: [workerStatus({ slot: 1, pid: 4_122, state: 'suspect' })] })
    const now =
      'right now: web:1 (pid 4122) is not heard of, its event loop does not turn\n  resil diagnose web:1   where it stands\n'
    expect((await asked('why', [], hanging)).stdout).toBe(now)
    const { stdout } = await asked('why', [newer], hanging)
    expect(stdout).toContain(`${now}\nbefore that:\noom of jobs: incident 0y2cw5, which is over`)
  })

  it.each([
    ['why zzzzzz', 'resil: there is no incident "zzzzzz": `resil incidents` lists what is kept\n'],
    ['why wbe', 'resil: there is no app "wbe": shop has web, jobs; did you mean "web"?\n'],
    ['incidents --limit many', 'resil: --limit: "many" is not a whole number of 0 or more\n'],
  ])('%s is refused', async (typed, words) => {
    const { code, stderr } = await asked(typed)
    expect({ code, stderr }).toEqual({ code: 64, stderr: words })
  })

  it('lists what it has, newest first, of one app, of some time, and so many', async () => {
    const idsOf = async (typed: string) =>
      JSON.parse((await asked(`${typed} --json`)).stdout).incidents.map(({ id }: Incident) => id)
    expect(await idsOf('incidents')).toEqual(['0y2cw5', '0y2cw0'])
    expect(await idsOf('incidents web')).toEqual(['0y2cw0'])
    expect(await idsOf('incidents --limit 1')).toEqual(['0y2cw5'])
    expect(await idsOf('incidents --since 2026-06-01T00:00:00Z')).toEqual([])
  })
})

describe('a supervisor that is dead', () => {
  it('is told of by what it left in the usual place', async () => {
    const [state, cwd] = [tempDir(), tempDir()]
    const later = sampleIncident({ id: '0y2cw3', state: 'resolved', updatedAt: older.updatedAt - 1 })
    left(join(state, 'resil'), 'web-1', cwd, [older, later])
    const run = await runInProcess(['why'], { cwd, env: { ...nobody(), XDG_STATE_HOME: state } })
    expect(run).toMatchObject({
      code: 0,
      stderr: 'resil: no supervisor answers; this is what the last one recorded\n',
      stdout: expect.stringContaining('crash of web: incident 0y2cw0, which was not over when resil ended'),
    })
  })

  it('is found where its config, a variable or an option says that it keeps them', async () => {
    const cwd = tempDir({ 'resilience.config.json': '{ "script": "a.js", "stateDir": "state" }' })
    left(join(cwd, 'state'), 'web-1', cwd, [older])
    const elsewhere = tempDir()
    left(elsewhere, 'web-1', cwd, [newer])
    const env = nobody()
    expect((await runInProcess(['why'], { cwd, env })).stdout).toContain('0y2cw0')
    const byEnv = await runInProcess(['why'], { cwd, env: { ...env, RESIL_STATE_DIR: elsewhere } })
    expect(byEnv.stdout).toContain('0y2cw5')
    expect((await runInProcess(['why', '--state-dir', elsewhere], { cwd, env })).stdout).toContain('0y2cw5')
  })

  it('of this folder comes before those of others, and one that has the app before that', async () => {
    const [state, here, there] = [tempDir(), tempDir(), tempDir()]
    left(state, 'here-1', here, [older])
    left(state, 'there-1', there, [newer], ['jobs'])
    const options = { cwd: here, env: { ...nobody(), RESIL_STATE_DIR: state } }
    expect((await runInProcess(['incidents'], options)).stdout).not.toContain('0y2cw5')
    expect((await runInProcess(['why', 'jobs'], options)).stdout).toContain('0y2cw5')
  })

  it('that left nothing is no supervisor', async () => {
    const { code, stderr } = await runInProcess(['why'], { env: { ...nobody(), RESIL_STATE_DIR: tempDir() } })
    expect({ code, stderr }).toEqual({
      code: 69,
      stderr: 'resil: no supervisor is running here; start one with `resil start app.js`\n',
    })
  })

  it('that left a broken file is told of by the others', async () => {
    const [state, cwd] = [tempDir(), tempDir()]
    const folder = left(state, 'web-1', cwd, [older])
    writeFileSync(join(folder, '0y2cw9.json'), '{')
    const { stdout, stderr } = await runInProcess(['incidents', '--json'], {
      cwd,
      env: { ...nobody(), RESIL_STATE_DIR: state },
    })
    expect(JSON.parse(stdout).incidents).toHaveLength(1)
    expect(stderr).toContain(`${folder}/0y2cw9.json can't be read, or is no incident: it is left out`)
  })
})
