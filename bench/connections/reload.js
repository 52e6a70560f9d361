// What ten reloads of a naive app cost its clients: resil, and pm2 where it is installed. Counted by clients that try nothing again.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { seeded, startClients } from '../../test/campaign/support.js'
import { ended, freePort, launch, RESIL, runtimeDir, sleep, untilAnswer } from '../support/measure.js'

const NAIVE = fileURLToPath(new URL('../../fixtures/server.cjs', import.meta.url))
const WORKERS = 4
const RELOADS = 10
const CLIENTS = 50

export async function lossesOfReloads({ report }) {
  const port = await freePort()
  const supervisor = launch([RESIL, 'start', NAIVE, '-w', String(WORKERS), '--name', 'naive'], { PORT: String(port) })
  const resil = await losses(port, () => ended(launch([RESIL, 'reload', 'naive'])))
  supervisor.kill('SIGTERM')
  await ended(supervisor)
  report(`lost in ${RELOADS} reloads of a naive app`, [resil.lost], {
    digits: 0,
    budget: { atMost: 0 },
    detail: `of ${resil.all} by ${CLIENTS} clients, half of them with kept connections`,
  })
  await lossesOfPm2(report)
}

async function lossesOfPm2(report) {
  const port = await freePort()
  const env = { ...process.env, PM2_HOME: runtimeDir, PORT: String(port) }
  const pm2 = (...args) => execFileSync('pm2', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    pm2('start', NAIVE, '-i', String(WORKERS), '--name', 'naive')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    console.log('pm2 is not installed: its losses are left out (npm i pm2 somewhere, and add its .bin to PATH)')
    return
  }
  try {
    const { lost, all } = await losses(port, () => ended(launchPm2(env)))
    report('the same, pm2', [lost], { digits: 0, detail: `of ${all}` })
  } finally {
    pm2('kill')
  }
}

/** Not synchronously: the clients are in this process. */
function launchPm2(env) {
  return launch(['-e', "require('child_process').execFileSync('pm2', ['reload', 'naive'], { stdio: 'ignore' })"], env)
}

async function losses(port, reload) {
  await untilAnswer(port)
  await sleep(2_000)
  const load = startClients({ count: CLIENTS, port, random: seeded(1), longestMs: 50 })
  for (let done = 0; done < RELOADS; done += 1) {
    const code = await reload()
    if (code !== 0) throw new Error(`reload ${done + 1} ended with ${code}`)
  }
  await load.end()
  const lost = Object.values(load.counts.failed).reduce((sum, count) => sum + count, 0)
  return { lost, all: load.counts.ok + lost }
}
