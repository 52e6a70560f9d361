// The commands that ask a running supervisor, over a real socket to a fake one.

import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ControlInput } from '../../../src/supervisor/inputs.ts'
import { type InProcessOptions, runInProcess } from '../../support/cli-context.ts'
import { serve } from '../../support/control.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import {
  appStatus,
  exitDetails,
  type FakePort,
  type FakePortOptions,
  fakePort,
  logLine,
  statusDocument,
} from '../../support/fake-port.ts'

async function against(options: FakePortOptions | FakePort = {}) {
  const port = 'submitted' in options ? options : fakePort(options)
  const { path, server } = await serve(port)
  const resil = (typed: string, given: InProcessOptions = {}) =>
    runInProcess(typed === '' ? [] : typed.split(' '), { ...given, env: { RESIL_SOCKET: path, ...given.env } })
  return { port, path, server, resil }
}

type RollOut = Extract<ControlInput, { type: 'reload.requested' | 'restart.requested' }>

function finishes(input: ControlInput, { publish }: FakePort): void {
  const { app, request, type } = input as RollOut
  publish({ type: 'reload.started', app, generation: 2, request, restart: type === 'restart.requested', slots: 2 })
  publish({ type: 'reload.slotReplaced', app, generation: 2, request, slot: 0, bootMs: 200, pid: 90 })
  publish({ type: 'reload.slotReplaced', app, generation: 2, request, slot: 1, bootMs: 200, pid: 91 })
  publish({ type: 'reload.finished', app, generation: 2, request, tookMs: 400 })
}

describe('resil status', () => {
  it('shows a table', async () => {
    const { resil } = await against()
    const { code, stdout, stderr } = await resil('status')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^web \(pid 4100\), up 2h 5m/)
  })

  it('prints one document for scripts', async () => {
    const { resil } = await against()
    const { code, stdout } = await resil('status --json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(statusDocument({}))
  })

  it('is about one app where one is named, and about all by the name of the supervisor', async () => {
    const { resil } = await against({ name: 'shop', apps: [appStatus(), appStatus({ name: 'jobs' })] })
    const appsOf = async (typed: string) =>
      JSON.parse((await resil(typed)).stdout).apps.map(({ name }: { name: string }) => name)
    expect(await appsOf('status jobs --json')).toEqual(['jobs'])
    expect(await appsOf('status shop --json')).toEqual(['web', 'jobs'])
  })

  it.each([
    ['none runs', 69, { RESIL_SOCKET: '/nowhere/x.sock' }, ''],
    ['the app does not exist', 64, {}, ' nope'],
  ])('prints a valid document also where %s', async (_, exitCode, env, target) => {
    const { resil } = await against()
    const { code, stdout, stderr } = await resil(`status --json${target}`, { env })
    expect(code).toBe(exitCode)
    const { error, ...document } = JSON.parse(stdout)
    expect(document).toEqual({ supervisor: null, apps: [] })
    expect(stderr).toBe(`resil: ${error.message}\n`)
    expect(error.exitCode).toBe(exitCode)
  })

  it('uses colour and the width of a terminal, and neither elsewhere', async () => {
    const { resil } = await against()
    expect((await resil('status', { terminal: 40 })).stdout).toContain('\u001b[32mrunning')
    expect((await resil('status', { terminal: 40 })).stdout).not.toContain('CONN')
    expect((await resil('status', { terminal: 80, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b')
    expect((await resil('status', { env: { FORCE_COLOR: '1' } })).stdout).toContain('\u001b[32mrunning')
  })

  it.each([
    ['one table after the other', 'status --watch', undefined, /^web \(pid[\s\S]+\n\nweb \(pid[\s\S]+\n$/],
    ['a document per line as JSON', 'status -w --json', undefined, /^\{.+\}\n\{.+\}\n$/],
    ['in place on a terminal', 'status -w', 80, /^ESC\[\?25lweb[\s\S]+ESC\[6A\r[\s\S]+ESC\[\?25h$/],
  ])('--watch shows it every second: %s', async (_, typed, terminal, expected) => {
    const { resil } = await against()
    const clock = fakeClock()
    const interrupts = new AbortController()
    let shown = 0
    const onStdout = (text: string): void => {
      if (!text.includes('web')) return
      shown += 1
      if (shown === 2) interrupts.abort('SIGINT')
      else if (shown === 1) setImmediate(() => clock.advance(1_000))
    }
    const { code, stdout } = await resil(typed, { clock, interrupts, onStdout, ...(terminal && { terminal }) })
    expect(code).toBe(0)
    expect(stdout.replaceAll('\u001b', 'ESC')).toMatch(expected)
    expect(clock.pending).toBe(0)
  })

  it('--watch ends with the supervisor, and says so', async () => {
    const { resil, server } = await against()
    const clock = fakeClock()
    const onStdout = (): void => {
      void server.close().then(() => clock.advance(1_000))
    }
    expect(await resil('status --watch', { clock, onStdout })).toMatchObject({
      code: 69,
      stderr: 'resil: the supervisor went away before it answered\n',
    })
  })
})

describe('resil reload and restart', () => {
  it.each([
    ['reload', 'web: reloaded, generation 2, in 400 ms'],
    ['restart', 'web: restarted in 400 ms'],
  ])('%s prints a verdict per worker', async (command, summary) => {
    const { resil } = await against({ onSubmit: finishes })
    expect(await resil(command)).toEqual({
      code: 0,
      stdout: `${summary}\n  web:0  replaced  pid 90, ready after 200 ms\n  web:1  replaced  pid 91, ready after 200 ms\n`,
      stderr: '',
    })
  })

  it('show each slot as it comes on a terminal, and not again', async () => {
    const { resil } = await against({ onSubmit: finishes })
    const { stdout, stderr } = await resil('reload', { terminal: 80 })
    expect(stderr.split('\n')).toEqual([
      'web: reload to generation 2 begins, 2 workers',
      'web:0 is replaced in generation 2 (pid 90), ready after 200 ms',
      'web:1 is replaced in generation 2 (pid 91), ready after 200 ms',
      '',
    ])
    expect(stdout).toBe('web: reloaded, generation 2, in 400 ms\n')
  })

  it('take the name of the supervisor for all of it', async () => {
    const { resil, port } = await against({ name: 'shop', onSubmit: finishes })
    expect((await resil('reload shop')).code).toBe(0)
    expect((await resil('restart shop')).code).toBe(0)
    expect(port.submitted).toMatchObject([{ app: 'web' }, { app: 'web', slot: null }])
  })

  it('exit 75 where it failed, with the verdict as JSON too', async () => {
    const failure = { slot: 0, worker: 9, reason: 'boot-failure', exit: exitDetails(), missing: [] } as const
    const { resil } = await against({
      onSubmit: (input, { publish }) => {
        const { app, request } = input as RollOut
        publish({ type: 'reload.rolledBack', app, generation: 1, request, kept: 2, failure, tookMs: 300 })
      },
    })
    const human = await resil('reload')
    expect(human.code).toBe(75)
    expect(human.stdout).toMatch(
      /^web: reload to generation 1 failed and was rolled back[\s\S]+\n {2}web:0 {2}failed\n {2}web:1 {2}kept\n {2}what it said, and what to do: resil why web\n$/,
    )
    const { code, stdout } = await resil('reload --json')
    expect(code).toBe(75)
    expect(JSON.parse(stdout)).toMatchObject({ verdicts: [{ app: 'web', outcome: 'rolled-back', failure }] })
  })

  it('exit 75 where it is refused', async () => {
    const { resil } = await against({
      onSubmit: (input, { publish }) => {
        const { app, request } = input as RollOut
        publish({ type: 'request.refused', app, request, reason: 'a reload (reload-1) is running' })
      },
    })
    expect(await resil('reload')).toEqual({
      code: 75,
      stdout: 'web: reload refused: a reload (reload-1) is running\n',
      stderr: '',
    })
  })

  it('wait no longer than --timeout, and say that it goes on', async () => {
    const { resil } = await against()
    expect(await resil('reload --timeout 50ms')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'resil: the reload has not ended within 50ms: it goes on; `resil status` shows how far it is\n',
    })
  })

  it('are left by Ctrl-C, and go on', async () => {
    const interrupts = new AbortController()
    const { resil } = await against({ onSubmit: () => interrupts.abort('SIGINT') })
    expect(await resil('reload', { interrupts })).toEqual({
      code: 130,
      stdout: '',
      stderr: 'resil: no longer waiting for the reload: it goes on; `resil status` shows how far it is\n',
    })
  })
})

describe('resil scale', () => {
  const scales = (input: ControlInput, { publish }: FakePort): void => {
    if (input.type !== 'scale.requested') return
    publish({ type: 'app.scaled', app: input.app, request: input.request, from: 2, to: 3 })
  }

  it.each(['scale web=3', 'scale web=+1', 'scale +1', 'scale 3'])('%s', async (typed) => {
    const { resil } = await against({ onSubmit: scales })
    expect(await resil(typed)).toEqual({ code: 0, stdout: 'web: 2 to 3 workers\n', stderr: '' })
  })

  it('takes one worker less without a name', async () => {
    const { resil, port } = await against({ onSubmit: scales })
    expect((await resil('scale -1')).code).toBe(0)
    expect(port.submitted).toMatchObject([{ app: 'web', to: { by: 'relative', count: -1 } }])
  })

  it('asks for the name where there are several', async () => {
    const { resil } = await against({ name: 'shop', apps: [appStatus(), appStatus({ name: 'jobs' })] })
    const expected = { code: 64, stderr: 'resil: scale: name the app, such as web=3: there are web, jobs\n' }
    expect(await resil('scale 3')).toMatchObject(expected)
    expect(await resil('scale shop=3')).toMatchObject(expected)
  })

  it('tells what is wrong with a number', async () => {
    const { resil } = await against()
    expect(await resil('scale web=0')).toMatchObject({
      code: 64,
      stderr: "resil: web can't have 0 workers: at least 1; `resil stop web` ends it\n",
    })
  })
})

describe('resil stop', () => {
  const begins = (_: ControlInput, { publish }: FakePort): void =>
    publish({ type: 'supervisor.stopping', cause: 'resil stop', deadlineMs: 25_000, forced: false })

  it('returns when the supervisor has gone, not before', async () => {
    const { resil, server, port } = await against({ onSubmit: begins })
    let gone = false
    const stopping = resil('stop')
    while (port.submitted.length === 0) await new Promise((resolve) => setImmediate(resolve))
    setTimeout(() => {
      gone = true
      void server.close()
    }, 30)
    const { code, stdout } = await stopping
    expect({ code, stdout, gone }).toEqual({ code: 0, stdout: 'web has stopped\n', gone: true })
  })

  it('forces', async () => {
    const { resil, server, port } = await against({
      onSubmit: (input, fake) => {
        begins(input, fake)
        setImmediate(() => void server.close())
      },
    })
    expect((await resil('stop --force')).code).toBe(0)
    expect(port.submitted).toMatchObject([{ force: true }])
  })

  it('names what it has stopped of several', async () => {
    const { resil } = await against({
      name: 'shop',
      apps: [appStatus(), appStatus({ name: 'jobs' })],
      onSubmit: (_, { publish }) => publish({ type: 'app.stopped', app: 'jobs' }),
    })
    expect(await resil('stop jobs')).toEqual({ code: 0, stdout: 'jobs has stopped\n', stderr: '' })
  })

  it('waits no longer than --timeout, and says how to kill', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { resil, port } = await against({ onSubmit: begins })
    const stopping = resil('stop --timeout 60ms')
    while (port.submitted.length === 0) await new Promise((resolve) => setImmediate(resolve))
    // The answer that it begins is read meanwhile: server and command are one process.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(60)
    expect(await stopping).toEqual({
      code: 1,
      stdout: '',
      stderr: `resil: web (pid ${process.pid}) has not ended within 60 ms: it goes on stopping; \`resil stop web --force\` kills it\n`,
    })
  })

  it('is left by Ctrl-C, and goes on', async () => {
    const interrupts = new AbortController()
    const { resil } = await against({
      onSubmit: (input, port) => {
        begins(input, port)
        setImmediate(() => interrupts.abort('SIGINT'))
      },
    })
    expect(await resil('stop', { interrupts })).toEqual({
      code: 130,
      stdout: '',
      stderr: 'resil: no longer waiting: it goes on stopping; `resil stop web --force` kills it\n',
    })
  })
})

describe('resil logs', () => {
  const lines = [
    logLine({ at: 1_000, text: 'one' }),
    logLine({ at: 2_000, text: 'two', app: 'jobs', slot: 3 }),
    logLine({ at: 3_000, text: 'resil: says', app: null, slot: null, pid: null, stream: 'resil' }),
    logLine({ at: 4_000, text: 'four' }),
  ]
  const apps = [appStatus(), appStatus({ name: 'jobs' })]

  it.each([
    ['logs', 'web:0 | one\njobs:3 | two\nresil | resil: says\nweb:0 | four\n'],
    ['logs jobs', 'jobs:3 | two\n'],
    ['logs -n 1', 'web:0 | four\n'],
    ['logs -n 0', ''],
    ['logs -n 10', 'web:0 | one\njobs:3 | two\nresil | resil: says\nweb:0 | four\n'],
    ['logs --grep o', 'web:0 | one\njobs:3 | two\nweb:0 | four\n'],
    ['logs --grep /^[OF]/i', 'web:0 | one\nweb:0 | four\n'],
    ['logs --grep /o/g -n 2', 'jobs:3 | two\nweb:0 | four\n'],
    [
      'logs --since 1970-01-01T00:00:03Z -t',
      '1970-01-01T00:00:03.000Z resil | resil: says\n1970-01-01T00:00:04.000Z web:0 | four\n',
    ],
    ['logs -n 1 --json', `${JSON.stringify(lines[3])}\n`],
  ])('resil %s', async (typed, expected) => {
    const { resil } = await against({ name: 'shop', apps, lines })
    expect(await resil(typed)).toEqual({ code: 0, stdout: expected, stderr: '' })
  })

  it('--since counts back from now', async () => {
    const clock = { ...fakeClock(), wallNow: () => 3_500 }
    const { resil } = await against({ apps, lines })
    expect((await resil('logs --since 1s', { clock })).stdout).toBe('resil | resil: says\nweb:0 | four\n')
  })

  it.each(['logs -f -n 1', 'logs -f -n 1 --grep /o/'])(
    '%s goes on with what comes, each line once, until Ctrl-C',
    async (typed) => {
      const { resil, port } = await against({ apps, lines })
      const interrupts = new AbortController()
      const onStdout = (text: string): void => {
        if (text.includes('four')) for (const word of ['o5', 'o6', 'o7']) port.log(logLine({ text: word }))
        if (text.includes('o7')) interrupts.abort('SIGINT')
      }
      expect(await resil(typed, { interrupts, onStdout })).toEqual({
        code: 0,
        stdout: 'web:0 | four\nweb:0 | o5\nweb:0 | o6\nweb:0 | o7\n',
        stderr: '',
      })
      while (port.listeners() > 0) await new Promise((resolve) => setImmediate(resolve))
    },
  )

  it('-f ends with the supervisor, and says so', async () => {
    const { resil, server } = await against({ apps, lines })
    const onStdout = (): void => void server.close()
    expect(await resil('logs -f -n 1', { onStdout })).toEqual({
      code: 69,
      stdout: 'web:0 | four\n',
      stderr: 'resil: the supervisor went away before it answered\n',
    })
  })

  it('refuses an app that is not there', async () => {
    const { resil } = await against({ apps })
    expect(await resil('logs nope -f')).toMatchObject({
      code: 64,
      stderr: 'resil: there is no app "nope": web has web, jobs\n',
    })
  })
})
