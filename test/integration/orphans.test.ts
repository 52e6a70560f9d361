// The supervisor is killed together with its guard while a worker is blocked: the next start ends that worker.

import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { assertNoProcessLeft } from '../support/cli.ts'
import { edgeNodes } from '../support/node-versions.ts'
import { startService } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

afterEach(() => assertNoProcessLeft())

/** The sh that waits on the supervisor's pipe: its only child that is no node. */
function guardOf(supervisor: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(parent) === supervisor && stat.includes('(sh)')) return Number(pid)
    } catch {
      // It has gone.
    }
  }
  throw new Error('no guard')
}

describe.each(edgeNodes)('on Node $version', ({ path: node }) => {
  it('a blocked worker of a supervisor that was killed with its guard is ended after the next start', async () => {
    const cwd = tempDir({
      'app.cjs': `
        const server = require('node:http').createServer((request, response) => {
          if (request.url === '/block') {
            require('node:fs').writeSync(1, 'blocks\\n')
            for (;;);
          }
          response.end(String(process.pid))
        })
        server.listen(Number(process.env.PORT), '127.0.0.1')`,
    })
    const env = { RESIL_RUNTIME_DIR: tempDir() }
    const first = await startService('app.cjs', { node, cwd, env, args: ['-w', '1'] })
    await first.event('app.running')
    const pid = Number(await first.get())
    first.get('/block').catch(() => {})
    await first.waitForLine(/"msg":"blocks"/)
    const supervisor = first.process.pid as number
    process.kill(supervisor, 'SIGSTOP')
    process.kill(guardOf(supervisor), 'SIGKILL')
    expect(await first.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })

    const second = await startService('app.cjs', { node, cwd, env, args: ['-w', '1'] })
    await second.event('app.running')
    expect((await second.event('orphans.ended')).pids).toEqual([pid])
    expect(Number(await second.get())).not.toBe(pid)
    expect(await second.stop()).toEqual({ code: 0, signal: null })
  })
})
