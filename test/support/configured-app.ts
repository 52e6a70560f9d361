// A service whose config a test rewrites between reloads. The app answers with its release and pid.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from './cli.ts'
import { type Service, startService } from './service.ts'

/**
 * RELEASE is what it answers. WAIT_FOR: listens once that file exists. ONCE: only the first worker boots; it makes the file, and
 * the others find it and fail. BLOCK_AT: its main thread waits for nobody from when that file exists.
 */
const SOURCE = `
  const fs = require('node:fs')
  const { RELEASE, WAIT_FOR, ONCE, BLOCK_AT, PORT } = process.env
  const block = () => fs.existsSync(BLOCK_AT) && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  if (BLOCK_AT) setInterval(block, 20)
  if (ONCE) fs.closeSync(fs.openSync(ONCE, 'wx'))
  const listen = () => require('node:http')
    .createServer((request, response) => {
      if (request.url === '/crash') process.exit(1)
      response.statusCode = process.env.FAILS === 'yes' ? 500 : 200
      response.end(JSON.stringify({ release: RELEASE, pid: process.pid }))
    })
    .listen(Number(PORT), '127.0.0.1')
  const look = () => (!WAIT_FOR || fs.existsSync(WAIT_FOR) ? listen() : setTimeout(look, 20))
  look()`

export interface ConfiguredApp {
  readonly service: Service
  readonly cwd: string
  configure(settings: object): void
  /** The releases that a number of requests meet, each once, in order. */
  releases(requests?: number): Promise<string[]>
}

/** `settings`: those of an app called web; `env.RELEASE` is what it answers. */
export async function startConfigured(settings: object, node: string): Promise<ConfiguredApp> {
  const cwd = tempDir({ 'app.cjs': SOURCE })
  const configure = (changed: object) =>
    writeFileSync(
      join(cwd, 'resilience.config.json'),
      JSON.stringify({ name: 'web', script: 'app.cjs', instances: 2, ready: { minReady: '200ms' }, ...changed }),
    )
  configure(settings)
  const service = await startService(null, { cwd, node })
  await service.event('app.running')
  return {
    service,
    cwd,
    configure,
    releases: async (requests = 12) => {
      const answers = await Promise.all(Array.from({ length: requests }, async () => JSON.parse(await service.get())))
      return [...new Set(answers.map(({ release }) => String(release)))].sort()
    },
  }
}
