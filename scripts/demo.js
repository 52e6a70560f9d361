// The main job on the bundled example, from start to stop: four workers under load, one is killed, all are reloaded.
//   npm run demo
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const RESIL = fileURLToPath(new URL('../bin/resil.js', import.meta.url))
const SHOP = fileURLToPath(new URL('../examples/shop', import.meta.url))
const CLIENTS = 20
const runtimeDir = mkdtempSync(join(tmpdir(), 'resil-demo-'))

const counted = { answered: 0, failed: 0 }
const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS })

function say(text) {
  process.stdout.write(`\n── ${text}\n`)
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

const env = {
  ...process.env,
  RESIL_RUNTIME_DIR: runtimeDir,
  RESIL_STATE_DIR: runtimeDir,
  PORT: String(await freePort()),
}

function resil(...args) {
  process.stdout.write(`$ resil ${args.join(' ')}\n`)
  const child = spawn(process.execPath, [RESIL, ...args], { cwd: SHOP, env, stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise((resolve) => child.once('exit', resolve))
}

function get(path) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port: env.PORT, path, agent }, (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve(JSON.parse(body)))
        response.on('error', reject)
      })
      .on('error', reject)
  })
}

let loading = true
async function client() {
  while (loading) {
    try {
      await get(`/slow?ms=${Math.floor(Math.random() * 50)}`)
      counted.answered += 1
    } catch {
      counted.failed += 1
    }
  }
}

function since(before) {
  const { answered, failed } = counted
  return `${answered - before.answered} requests answered, ${failed - before.failed} failed`
}

const steps = []
try {
  say('start the example with four workers, in the background')
  steps.push(await resil('start', 'server.js', '-w', '4', '-d'))
  const clients = Array.from({ length: CLIENTS }, client)

  const { pid } = await get('/')
  say(`kill -9 ${pid}, a worker, under load of ${CLIENTS} clients`)
  const beforeKill = { ...counted }
  process.kill(pid, 'SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  say(`${since(beforeKill)} (at most what the killed worker had in hand)`)
  steps.push(await resil('status'))

  say('reload all four under the same load')
  const beforeReload = { ...counted }
  steps.push(await resil('reload'))
  say(since(beforeReload))

  loading = false
  await Promise.all(clients)
  say('what happened, in resil’s own words')
  steps.push(await resil('logs', '--grep', '/resil|shop/', '-n', '20'))
} finally {
  loading = false
  agent.destroy()
  say('stop')
  steps.push(await resil('stop'))
  rmSync(runtimeDir, { recursive: true, force: true })
}
process.exitCode = steps.every((code) => code === 0) ? 0 : 1
