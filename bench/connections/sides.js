// The sides that are compared: the same service with as many workers under each.
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { BARE, ended, freePort, launch, RESIL, runtimeDir, SERVER, untilAnswer } from '../support/measure.js'

/** Planned crashes are no storm. */
const NO_LIMITS = {
  backoff: { initial: 1, factor: 1, max: 1, jitter: 0 },
  window: { maxRestarts: 1_000_000, within: '1s' },
  storm: { max: 1_000_000, halfLife: '1s' },
}

let sides = 0

/** A running service: `port`, the primary's `pid`, `stop()`. null where it does not start: this resil can't do that (yet). */
export async function startBare(workers, entry = SERVER, env = {}) {
  const port = await freePort()
  return running(launch([BARE, entry, String(workers)], { PORT: String(port), ...env }), port)
}

export async function startResil(workers, settings = {}, entry = SERVER) {
  sides += 1
  const config = join(runtimeDir, `side-${sides}.json`)
  const port = await freePort()
  const app = { name: `side-${sides}`, script: entry, instances: workers, restart: NO_LIMITS }
  writeFileSync(config, JSON.stringify({ ...app, ...settings }))
  return running(launch([RESIL, 'start', '-c', config], { PORT: String(port) }), port)
}

async function running(child, port) {
  const answers = untilAnswer(port).then(() => true)
  const gone = ended(child).then(() => false)
  if (!(await Promise.race([answers, gone]))) {
    answers.catch(() => {})
    return null
  }
  return {
    port,
    pid: child.pid,
    stop: () => {
      child.kill('SIGTERM')
      return ended(child)
    },
  }
}

/** Under bare node:cluster a connection that was handed to a worker as it died hangs for ever. */
const HUNG_AFTER_MS = 1_000

/** Who answers on a connection of its own; null where nobody does. */
export function pidOf(port) {
  return new Promise((resolve) => {
    const options = { port, host: '127.0.0.1', path: '/pid', agent: false, timeout: HUNG_AFTER_MS }
    const request = http.get(options, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(Number(body)))
      response.on('error', () => resolve(null))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(null))
  })
}
