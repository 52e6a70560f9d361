// What the campaigns share: seeded chance, a supervisor under the built CLI whose events are read as they come, plain requests.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const RESIL = fileURLToPath(new URL('../../bin/resil.js', import.meta.url))

export function fixture(name) {
  return fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
}

/** Numbers from the command line, with defaults: --kills 200 --seed 1. Prints them, so that a run can be repeated. */
export function numbersFromArgs(defaults) {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' }]))
  const { values } = parseArgs({ options })
  const numbers = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, values[name] === undefined ? value : Number(values[name])]),
  )
  const command = Object.entries(numbers).map(([name, value]) => `--${name} ${value}`)
  console.log(`node ${process.version}; again with: ${process.argv[1].split('/').at(-1)} ${command.join(' ')}`)
  return numbers
}

/** mulberry32: the same seed, the same campaign. Numbers in [0, 1). */
export function seeded(seed) {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** Many planned crashes are no storm: a campaign raises the limits that would rightly stop it, and says so. */
export const NO_LIMITS = {
  backoff: { initial: 5, factor: 1, max: 5, jitter: 0 },
  window: { maxRestarts: 1_000_000, within: '1s' },
  storm: { max: 1_000_000, halfLife: '1s' },
}

/** --schedule 0 round robin, 1 shared, 2 reusePort. */
export const SCHEDULES = [{}, { schedule: 'shared' }, { reusePort: true }]

export async function startSupervisor(config, node = process.env.RESIL_TEST_NODE ?? process.execPath) {
  const dir = mkdtempSync(join(tmpdir(), 'resil-campaign-'))
  const port = await freePort()
  writeFileSync(
    join(dir, 'resilience.config.json'),
    JSON.stringify({ name: 'campaign', log: { level: 'debug' }, ...config }),
  )
  console.log('limits raised for the campaign: restart.backoff 5 ms, restart.window and restart.storm 1,000,000')
  const env = { PATH: process.env.PATH, RESIL_RUNTIME_DIR: dir, RESIL_STATE_DIR: dir, PORT: String(port) }
  const child = spawn(node, [RESIL, 'start', '--json-logs'], { cwd: dir, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const events = []
  const listeners = new Set()
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      if (!line.includes('"event"')) continue
      const { event } = JSON.parse(line)
      if (event === undefined) continue
      events.push(event)
      for (const listener of [...listeners]) listener(event)
    }
  })
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      rmSync(dir, { recursive: true, force: true })
      resolve({ code, signal })
    })
  })
  return {
    pid: child.pid,
    port,
    events,
    ended,
    /** Runs another resil command against it; its exit code. */
    resil: (...args) =>
      new Promise((resolve) => {
        spawn(node, [RESIL, ...args], { cwd: dir, env, stdio: 'ignore' }).once('exit', resolve)
      }),
    onEvent: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** The first event, past (from index `from`) or coming, for which `accept` holds. Fails the campaign past the deadline. */
    until: (accept, deadlineMs = 30_000, from = 0) =>
      new Promise((resolve, reject) => {
        const past = events.slice(from).find(accept)
        if (past !== undefined) return resolve(past)
        const done = (settle, value) => {
          clearTimeout(timer)
          listeners.delete(look)
          settle(value)
        }
        const look = (event) => {
          if (accept(event)) done(resolve, event)
        }
        const timer = setTimeout(
          () =>
            done(
              reject,
              new Error(`waited ${deadlineMs} ms in vain; last events: ${JSON.stringify(events.slice(-5))}`),
            ),
          deadlineMs,
        )
        ended.then(() => done(reject, new Error('the supervisor ended')))
        listeners.add(look)
      }),
    stop: async () => {
      child.kill('SIGTERM')
      return ended
    },
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    faults: () => events.filter(({ type }) => type === 'supervisor.faulted' || type === 'invariant.violated'),
  }
}

/** A request with an answer that is checked; resolves to 'ok', 'hung', or what went wrong. */
export function request(port, path, { agent = false, expect, hungAfterMs = 15_000 }) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      asked.destroy()
      resolve('hung')
    }, hungAfterMs)
    const settle = (result) => {
      clearTimeout(timer)
      resolve(result)
    }
    const asked = http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () =>
        settle(response.statusCode === 200 && expect(body) ? 'ok' : `wrong answer ${body.slice(0, 80)}`),
      )
      response.on('error', (error) => settle(error.code ?? error.message))
    })
    asked.on('error', (error) => settle(error.code ?? error.message))
  })
}

export function processesWith(text) {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/environ`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Ends the campaign with a verdict that a script can read. */
export function conclude(name, failures, figures) {
  console.log(JSON.stringify({ campaign: name, ...figures, failures }))
  process.exitCode = failures.length === 0 ? 0 : 1
}
