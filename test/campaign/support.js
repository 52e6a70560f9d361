// What the campaigns share: seeded chance, a supervisor under the built CLI whose events are read as they come, plain requests.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort } from '../support/free-port.js'

const RESIL = fileURLToPath(new URL('../../bin/resil.js', import.meta.url))

export function fixture(name) {
  return fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
}

/** Whose CLI and workers are tried; the clients run on the Node that runs the campaign. */
export const NODE = process.env.RESIL_TEST_NODE ?? process.execPath

/** Values from the command line, numbers where the default is one: --kills 200 --seed 1. Prints them, so that a run can be repeated. */
export function valuesFromArgs(defaults) {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' }]))
  const { values: given } = parseArgs({ options })
  const values = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      const text = given[name]
      if (text === undefined) return [name, value]
      if (typeof value !== 'number') return [name, text]
      if (!/^\d+$/.test(text)) throw new Error(`--${name} ${text}: it takes a number, such as ${value}`)
      return [name, Number(text)]
    }),
  )
  const command = Object.entries(values).map(([name, value]) => `--${name} ${value}`)
  const version = execFileSync(NODE, ['--version'], { encoding: 'utf8' }).trim()
  console.log(`node ${version}; again with: ${process.argv[1].split('/').at(-1)} ${command.join(' ')}`)
  return values
}

/** How far it is: rewritten in place on a terminal, a line for each tenth elsewhere. */
export function progress(what, total) {
  const every = Math.max(1, Math.ceil(total / 10))
  return (done, note = '') => {
    const line = `${what} ${done}/${total}${note && `, ${note}`}`
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${done === total ? '\n' : ''}`)
    else if (done > 0 && (done % every === 0 || done === total)) console.error(line)
  }
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

/** Many planned crashes are no storm: a campaign raises the limits that would rightly stop it, and says so. */
export const NO_LIMITS = {
  backoff: { initial: 5, factor: 1, max: 5, jitter: 0 },
  window: { maxRestarts: 1_000_000, within: '1s' },
  storm: { max: 1_000_000, halfLife: '1s' },
}

/** Who gives connections to workers, as settings: --schedule. The last needs Node >= 22.12. */
export const SCHEDULES = { 'round-robin': {}, shared: { schedule: 'shared' }, reusePort: { reusePort: true } }

/** One of the names in a table of choices. */
export function choiceOf(option, name, choices) {
  if (choices[name] === undefined)
    throw new Error(`--${option} ${name}: it is one of ${Object.keys(choices).join(', ')}`)
  return choices[name]
}

export async function startSupervisor(config, moreEnv = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'resil-campaign-'))
  const port = await freePort()
  writeFileSync(
    join(dir, 'resilience.config.json'),
    JSON.stringify({ name: 'campaign', log: { level: 'debug' }, ...config }),
  )
  if (config.restart === NO_LIMITS)
    console.log('limits raised for the campaign: restart.backoff 5 ms, restart.window and restart.storm 1,000,000')
  const env = { PATH: process.env.PATH, RESIL_RUNTIME_DIR: dir, RESIL_STATE_DIR: dir, PORT: String(port), ...moreEnv }
  const child = spawn(NODE, [RESIL, 'start', '--json-logs'], { cwd: dir, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const events = []
  const listeners = new Set()
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      if (!line.includes('"event"')) continue
      const { event, time } = JSON.parse(line)
      if (event === undefined) continue
      event.at = time
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
        spawn(NODE, [RESIL, ...args], { cwd: dir, env, stdio: 'ignore' }).once('exit', resolve)
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

/**
 * A request whose answer must name the path that was asked for. Resolves to `result`: 'ok', 'hung', or what went wrong; and
 * `clientPort`: the client's end of the connection that carried it, by which a worker's ledger knows it.
 */
export function request(
  port,
  path,
  { agent = false, hungAfterMs = 15_000, expect = (body) => body.includes(JSON.stringify(path)) } = {},
) {
  return new Promise((resolve) => {
    let clientPort = null
    const timer = setTimeout(() => {
      settle('hung')
      asked.destroy()
    }, hungAfterMs)
    const settle = (result) => {
      clearTimeout(timer)
      resolve({ result, clientPort })
    }
    const fail = (error) => settle(error.code ?? error.message)
    const asked = http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => {
        const right = response.statusCode === 200 && expect(body)
        settle(right ? 'ok' : `${response.statusCode} with a wrong answer: ${body.slice(0, 80)}`)
      })
      response.on('error', fail)
    })
    asked.on('error', fail)
    asked.on('socket', (socket) => {
      const connected = () => {
        clientPort = socket.localPort ?? null
      }
      if (socket.connecting) socket.once('connect', connected)
      else connected()
    })
  })
}

/**
 * `count` clients that ask one request after the other until `end()`: each second one keeps its connections, the others open
 * one for each request. No request is ever tried twice. `onFailed` hears of each that was not answered.
 */
export function startClients({ count, port, random, longestMs, onFailed = () => {} }) {
  const counts = { ok: 0, failed: {} }
  let asking = true
  let asked = 0
  const client = async (keepAlive) => {
    // Of its own: in a shared pool one crash would cost a client that took over a dead connection a second request.
    const agent = keepAlive && new http.Agent({ keepAlive, maxSockets: 1 })
    while (asking) {
      asked += 1
      const key = String(asked)
      const path = `/slow?ms=${Math.floor(random() * longestMs)}&key=${key}`
      const { result, clientPort } = await request(port, path, { agent })
      if (result === 'ok') counts.ok += 1
      else {
        counts.failed[result] = (counts.failed[result] ?? 0) + 1
        onFailed({ key, result, clientPort, at: performance.timeOrigin + performance.now() })
      }
    }
    if (agent) agent.destroy()
  }
  const all = Array.from({ length: count }, (_, index) => client(index % 2 === 0))
  return {
    counts,
    end: async () => {
      asking = false
      await Promise.all(all)
    },
  }
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

/** Ends the campaign with a verdict for a person, and one that a script can read. */
export function conclude(name, failures, figures) {
  console.log(failures.length === 0 ? `${name}: passed` : `${name}: FAILED\n  ${failures.join('\n  ')}`)
  console.log(JSON.stringify({ campaign: name, ...figures, failures }))
  process.exitCode = failures.length === 0 ? 0 : 1
}
