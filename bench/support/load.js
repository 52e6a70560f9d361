// Load on a port, and how many requests were answered: by wrk, which costs a fraction of what a worker does, or, where there is
// none, by a client in a process of its own that may be the bottleneck itself.
import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const OWN_CLIENT = fileURLToPath(new URL('client.cjs', import.meta.url))

export const hasWrk = (() => {
  try {
    execFileSync('wrk', ['--version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    // It prints its version and fails.
    return error.code !== 'ENOENT'
  }
})()

/** { requests, errors } of so many seconds. `keepAlive: false`: a connection for each request. */
export function load({ port, seconds, connections, keepAlive }) {
  return hasWrk ? byWrk({ port, seconds, connections, keepAlive }) : byOwn({ port, seconds, connections, keepAlive })
}

async function byWrk({ port, seconds, connections, keepAlive }) {
  const close = keepAlive ? [] : ['-H', 'Connection: close']
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, ...close, `http://127.0.0.1:${port}/`]
  const { stdout } = await run('wrk', args)
  const [, requests] = /(\d+) requests in/.exec(stdout) ?? []
  if (requests === undefined) throw new Error(`wrk said nothing that is understood:\n${stdout}`)
  const [, ...errors] = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout) ?? []
  const [, refused = 0] = /Non-2xx or 3xx responses: (\d+)/.exec(stdout) ?? []
  return { requests: Number(requests), errors: errors.reduce((sum, count) => sum + Number(count), Number(refused)) }
}

async function byOwn({ port, seconds, connections, keepAlive }) {
  const { stdout } = await run(process.execPath, [OWN_CLIENT, port, seconds, connections, keepAlive].map(String))
  return JSON.parse(stdout)
}
