// Hooks for real: commands are processes, webhooks are requests to a server of the test's own.

import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import type { HookSettings } from '../../../src/config/settings.ts'
import type { PublishedEvent, ResilEvent } from '../../../src/events/events.ts'
import { type Hooks, startHooks } from '../../../src/process/hooks/hooks.ts'
import { sampleIncident } from '../../incidents/sample-incident.ts'
import { crashed, worker } from '../../incidents/story.ts'
import { assertNoProcessLeft, MARK_VARIABLE, mark } from '../../support/processes.ts'
import { tempDir } from '../../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

/** A hook that is not through by then hangs. */
const DEADLINE_MS = 50_000

const crash: PublishedEvent = { ...crashed(worker(0, 1)), at: Date.UTC(2026, 0, 1), seq: 1 }

function hooksOf(
  hooks: HookSettings,
  options: { readonly timeoutMs?: number; readonly apps?: readonly string[] } = {},
) {
  const cwd = tempDir()
  const told: ResilEvent[] = []
  const started: Hooks = startHooks({
    apps: () => (options.apps ?? ['web']).map((name) => ({ name, cwd, hooks })),
    supervisor: { name: 'shop', pid: 1, version: '0.1.0', node: 'v20.20.2' },
    env: { PATH: process.env.PATH, [MARK_VARIABLE]: mark, SECRET: 's3cret' },
    publish: (event) => told.push(event),
    clock: systemClock,
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
  })
  onTestFinished(() => started.close())
  return { hooks: started, told, cwd }
}

const command = (...words: string[]) => ({ via: 'exec' as const, command: words })

describe('a command', () => {
  test('gets what happened as JSON on its stdin, and whom it is about in its environment', async () => {
    const { hooks, told, cwd } = hooksOf({
      onCrash: command('sh', '-c', 'cat > told.json; echo "$RESIL_HOOK $RESIL_APP $RESIL_INCIDENT" > env.txt'),
    })
    hooks.tell(crash, sampleIncident())
    await hooks.flush(DEADLINE_MS)
    const call = JSON.parse(readFileSync(join(cwd, 'told.json'), 'utf8'))
    expect(call).toMatchObject({
      hook: 'onCrash',
      app: 'web',
      at: '2026-01-01T00:00:00.000Z',
      supervisor: { name: 'shop' },
      text: expect.stringContaining('web:0 (pid 4001) exited with code 1'),
      event: { type: 'worker.exited' },
      incident: { id: '0y2cw0', kind: 'crash' },
    })
    expect(JSON.stringify(call)).not.toContain('s3cret')
    expect(readFileSync(join(cwd, 'env.txt'), 'utf8')).toBe('onCrash web 0y2cw0\n')
    expect(told).toEqual([])
  })

  test('that fails is told once, with its last words, and once more when it works again', async () => {
    const { hooks, told } = hooksOf({
      onCrash: command(
        'sh',
        '-c',
        'test -e works || { echo "no such channel" >&2; touch works; test -e again && exit 3; touch again; rm works; exit 3; }',
      ),
    })
    for (let call = 0; call < 4; call += 1) {
      hooks.tell(crash, null)
      await hooks.flush(DEADLINE_MS)
    }
    expect(told).toEqual([
      {
        type: 'hook.failed',
        hook: 'onCrash',
        app: 'web',
        target: 'sh',
        reason: 'exited with code 3: no such channel',
      },
      { type: 'hook.recovered', hook: 'onCrash', app: 'web', target: 'sh', failures: 2 },
    ])
  })

  test('that does not exist is told, and harms nothing', async () => {
    const { hooks, told } = hooksOf({ onCrash: command('/no/such/notifier') })
    hooks.tell(crash, null)
    await hooks.flush(DEADLINE_MS)
    expect(told).toMatchObject([{ type: 'hook.failed', reason: 'could not be started (ENOENT)' }])
  })

  test('that takes too long is killed, and all that it started', async () => {
    const { hooks, told } = hooksOf({ onCrash: command('sh', '-c', 'sleep 600 & sleep 600') }, { timeoutMs: 300 })
    hooks.tell(crash, null)
    await hooks.flush(DEADLINE_MS)
    expect(told).toMatchObject([{ reason: 'took longer than 300 ms and was killed' }])
    await assertNoProcessLeft()
  })

  test('that ends leaves nothing running behind', async () => {
    const { hooks } = hooksOf({ onCrash: command('sh', '-c', 'sleep 600 >/dev/null 2>&1 &') })
    hooks.tell(crash, null)
    await hooks.flush(DEADLINE_MS)
    await assertNoProcessLeft()
  })

  test('that does not read its stdin is all right', async () => {
    const { hooks, told } = hooksOf({ onCrash: command('true') })
    hooks.tell(crash, sampleIncident())
    await hooks.flush(DEADLINE_MS)
    expect(told).toEqual([])
  })

  test('four run at once, a hundred wait, the rest is counted and left out', async () => {
    const { hooks, told, cwd } = hooksOf({
      onCrash: command('sh', '-c', 'until test -e go; do sleep 0.02; done; echo x >> ran'),
    })
    for (let call = 0; call < 150; call += 1) hooks.tell(crash, null)
    expect(told).toEqual([])
    writeFileSync(join(cwd, 'go'), '')
    await hooks.flush(DEADLINE_MS)
    expect(readFileSync(join(cwd, 'ran'), 'utf8').trimEnd().split('\n')).toHaveLength(104)
    expect(told).toEqual([{ type: 'hook.dropped', count: 46 }])
  })
})

interface Received {
  readonly url: string
  readonly body: unknown
}

async function receiver(answers: (call: number) => number | 'hang' | { readonly location: string }) {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ url: request.url ?? '', body: JSON.parse(body) })
      const answer = answers(received.length)
      if (answer === 'hang') return
      if (typeof answer === 'object') response.writeHead(302, answer).end()
      else response.writeHead(answer).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return { received, url: `http://127.0.0.1:${port}/hooks/T0P-S3CRET` }
}

describe('a webhook', () => {
  test('that fails twice gets the same JSON again, and nothing is told', async () => {
    const { received, url } = await receiver((call) => (call < 3 ? 503 : 204))
    const { hooks, told } = hooksOf({ onCrash: { via: 'webhook', url } })
    hooks.tell(crash, sampleIncident())
    await hooks.flush(DEADLINE_MS)
    expect(received).toHaveLength(3)
    expect(new Set(received.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(received[0]).toMatchObject({
      url: '/hooks/T0P-S3CRET',
      body: { hook: 'onCrash', incident: { kind: 'crash' } },
    })
    expect(told).toEqual([])
  })

  test('that says no is not asked again, and its path stays a secret', async () => {
    const { received, url } = await receiver(() => 404)
    const { hooks, told } = hooksOf({ onCrash: { via: 'webhook', url } })
    hooks.tell(crash, null)
    await hooks.flush(DEADLINE_MS)
    expect(received).toHaveLength(1)
    expect(told).toEqual([
      { type: 'hook.failed', hook: 'onCrash', app: 'web', target: new URL(url).origin, reason: 'answered 404' },
    ])
  })

  test('that redirects is not followed', async () => {
    const elsewhere = await receiver(() => 200)
    const { url } = await receiver(() => ({ location: elsewhere.url }))
    const { hooks, told } = hooksOf({ onCrash: { via: 'webhook', url } })
    hooks.tell(crash, null)
    await hooks.flush(DEADLINE_MS)
    expect(elsewhere.received).toEqual([])
    expect(told).toMatchObject([{ reason: 'answered 302: redirects are not followed' }])
  })

  test('that hangs is let go when the supervisor ends', async () => {
    const { received, url } = await receiver(() => 'hang')
    const { hooks } = hooksOf({ onCrash: { via: 'webhook', url } })
    hooks.tell(crash, null)
    await expect.poll(() => received).toHaveLength(1)
    await hooks.flush(10)
    hooks.close()
    await hooks.flush(1_000)
  })
})

describe('who is told of what', () => {
  const published = (event: ResilEvent): PublishedEvent => ({ ...event, at: 0, seq: 1 })
  const gate: ResilEvent = { type: 'gate.opened', app: 'web', slot: 0, cause: 'crash-window', crashes: 6, retryInMs: 1 }
  const opened: ResilEvent = {
    type: 'incident.opened',
    incident: '0y2cw0',
    kind: 'disk-full',
    app: null,
    summary: '',
    hint: null,
  }

  test.each<[ResilEvent, string[]]>([
    [crashed(worker(0, 1)), ['onCrash']],
    [crashed(worker(0, 1), { kind: 'planned' }), []],
    [gate, ['onExhausted']],
    [{ ...gate, cause: 'trial-failed' } as ResilEvent, []],
    [{ type: 'app.failed', app: 'web', reason: 'never-ready', exit: null }, ['onExhausted']],
    [opened, ['onIncident']],
    [{ type: 'reload.finished', app: 'web', generation: 2, request: 'r', tookMs: 1 }, ['onReload']],
    [{ type: 'app.degraded', app: 'web', ready: 1, instances: 2 }, []],
  ])('%j', async (event, expected) => {
    const { received, url } = await receiver(() => 200)
    const target = { via: 'webhook' as const, url }
    const { hooks } = hooksOf({ onCrash: target, onExhausted: target, onIncident: target, onReload: target })
    hooks.tell(published(event), null)
    await hooks.flush(DEADLINE_MS)
    expect(received.map(({ body }) => (body as { hook: string }).hook)).toEqual(expected)
  })

  test('an incident of the machine is told to each place once, however many apps name it', async () => {
    const { received, url } = await receiver(() => 200)
    const { hooks } = hooksOf({ onIncident: { via: 'webhook', url } }, { apps: ['web', 'api', 'jobs'] })
    hooks.tell(published(opened), null)
    await hooks.flush(DEADLINE_MS)
    expect(received).toHaveLength(1)
  })

  test('an app is told of itself alone', async () => {
    const { received, url } = await receiver(() => 200)
    const { hooks } = hooksOf({ onCrash: { via: 'webhook', url } }, { apps: ['web', 'api'] })
    hooks.tell(crash, null)
    await hooks.flush(DEADLINE_MS)
    expect(received.map(({ body }) => (body as { app: string }).app)).toEqual(['web'])
  })
})
