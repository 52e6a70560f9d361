// Small measuring tools for the benchmarks: medians of alternating runs, processes' memory and CPU from /proc.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.js'

export const RESIL = fileURLToPath(new URL('../../bin/resil.js', import.meta.url))
export const BARE = fileURLToPath(new URL('bare-primary.cjs', import.meta.url))
export const SERVER = fileURLToPath(new URL('server.cjs', import.meta.url))
export const CRASH_LOOP = fileURLToPath(new URL('crash-loop.cjs', import.meta.url))

export const runtimeDir = mkdtempSync(join(tmpdir(), 'resil-bench-'))

/** Runs both sides in turn, so that the machine's moods meet both alike. Medians of each. */
export async function alternate(rounds, sides) {
  const results = sides.map(() => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, side] of sides.entries()) results[index].push(await side())
  }
  return results.map(median)
}

export function launch(args, env = {}) {
  return spawn(process.execPath, args, {
    stdio: 'ignore',
    cwd: runtimeDir,
    env: { PATH: process.env.PATH, RESIL_RUNTIME_DIR: runtimeDir, RESIL_STATE_DIR: runtimeDir, ...env },
  })
}

export function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode)
    else child.once('exit', resolve)
  })
}

export async function timed(run) {
  const start = performance.now()
  await run()
  return performance.now() - start
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** Milliseconds until a server answers, asked every two. */
export async function untilAnswer(port, deadlineMs = 20_000) {
  const start = performance.now()
  while (performance.now() - start < deadlineMs) {
    if (await answers(port)) return performance.now() - start
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`nothing answers on port ${port}`)
}

export function answers(port) {
  return new Promise((resolve) => {
    const request = http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
      response.resume().on('end', () => resolve(true))
    })
    request.on('error', () => resolve(false))
  })
}

/** Proportional set size in KiB: shared pages count by share, as the kernel does. */
export function pssKb(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1])
}

/** Resident set size in KiB. */
export function rssKb(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
}

/** Children of `parent` whose command is `name`, such as the supervisor's guard. */
export function processesNamed(name, parent) {
  return childrenOf(parent).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name)
}

/** CPU milliseconds of a process, all its threads, to the nanosecond: ticks are too coarse for something idle. */
export function exactCpuMs(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const ns = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
  return ns.reduce((sum, one) => sum + one, 0) / 1e6
}

/** CPU milliseconds of a process and of its children that have ended, at 100 ticks a second. */
export function cpuMs(pid, withChildren = false) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  const own = Number(fields[11]) + Number(fields[12])
  const children = Number(fields[13]) + Number(fields[14])
  return (withChildren ? own + children : own) * 10
}

export function childrenOf(pid) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        return Number(readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1].split(' ')[1]) === pid
      } catch {
        return false
      }
    })
    .map(Number)
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
