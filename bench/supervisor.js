// What a supervisor costs, against a bare cluster primary (and pm2 where it is installed) in the same run:
//   npm run bench            all figures        npm run bench -- --quick    fewer rounds
import { execFileSync } from 'node:child_process'
import {
  alternate,
  BARE,
  CRASH_LOOP,
  childrenOf,
  cpuMs,
  ended,
  exactCpuMs,
  freePort,
  launch,
  processesNamed,
  pssKb,
  RESIL,
  rssKb,
  runtimeDir,
  SERVER,
  sleep,
  timed,
  untilAnswer,
} from './support/measure.js'
import { median } from './support/statistics.js'

const quick = process.argv.includes('--quick')
const rounds = quick ? 5 : 15
/** After a start V8 collects garbage for some seconds, on threads of its own. */
const SETTLE_MS = 12_000

const rows = []
function report(figure, value, budget, detail) {
  rows.push({ figure, value, budget, detail })
  console.log(`${figure.padEnd(44)} ${value.padStart(12)}   budget ${budget.padEnd(10)} ${detail}`)
}

const sides = {
  bare: (entry, port) => launch([BARE, entry, '4'], { PORT: String(port) }),
  resil: (entry, port) => launch([RESIL, 'start', entry, '-w', '4'], { PORT: String(port) }),
}

async function stop(child) {
  child.kill('SIGTERM')
  await ended(child)
}

/** `status` against `node -e 0`. */
async function statusTime() {
  const port = await freePort()
  const supervisor = sides.resil(SERVER, port)
  await untilAnswer(port)
  const [node, status] = await alternate(rounds * 2, [
    () => timed(() => ended(launch(['-e', '0']))),
    () => timed(() => ended(launch([RESIL, 'status']))),
  ])
  await stop(supervisor)
  report(
    'status over `node -e 0`',
    `${(status - node).toFixed(1)} ms`,
    '15 ms',
    `node ${node.toFixed(0)} ms, status ${status.toFixed(0)} ms`,
  )
}

async function firstAnswer() {
  const one = (side) => async () => {
    const port = await freePort()
    const child = side(SERVER, port)
    const ms = await untilAnswer(port)
    // All four, so that the stop does not meet a boot.
    await sleep(800)
    await stop(child)
    return ms
  }
  const [bare, resil] = await alternate(rounds, [one(sides.bare), one(sides.resil)])
  report(
    'first answer over bare, -w 4',
    `${(resil - bare).toFixed(0)} ms`,
    '80 ms',
    `bare ${bare.toFixed(0)} ms, resil ${resil.toFixed(0)} ms`,
  )
}

async function memory() {
  const one = (name, side) => async () => {
    const port = await freePort()
    const child = side(SERVER, port)
    await untilAnswer(port)
    await sleep(SETTLE_MS)
    const kb = pssKb(child.pid)
    const guards = new Set(processesNamed('sh', child.pid))
    workers[name].push(
      ...childrenOf(child.pid)
        .filter((pid) => !guards.has(pid))
        .map((pid) => rssKb(pid) / 1024),
    )
    await stop(child)
    return kb / 1024
  }
  const workers = { bare: [], resil: [] }
  const [bare, resil] = await alternate(Math.ceil(rounds / 3), [one('bare', sides.bare), one('resil', sides.resil)])
  report(
    'supervisor PSS over bare, 4 workers',
    `${(resil - bare).toFixed(1)} MiB`,
    '12 MiB',
    `bare ${bare.toFixed(1)}, resil ${resil.toFixed(1)} at rest, after V8 has tidied up by itself`,
  )
  const agent = median(workers.resil) - median(workers.bare)
  report(
    'worker RSS over bare',
    `${agent.toFixed(1)} MiB`,
    '2.5 MiB',
    `medians of ${workers.bare.length} workers: bare ${median(workers.bare).toFixed(1)}, resil ${median(workers.resil).toFixed(1)}`,
  )
}

async function idleCpu() {
  const seconds = quick ? 10 : 30
  const port = await freePort()
  const child = sides.resil(SERVER, port)
  await untilAnswer(port)
  await sleep(SETTLE_MS)
  const before = exactCpuMs(child.pid)
  const guards = new Set(processesNamed('sh', child.pid))
  const workers = childrenOf(child.pid).filter((pid) => !guards.has(pid))
  const workersBefore = workers.map((pid) => exactCpuMs(pid))
  await sleep(seconds * 1_000)
  const own = ((exactCpuMs(child.pid) - before) * 30) / seconds
  const worker = median(workers.map((pid, index) => exactCpuMs(pid) - workersBefore[index])) / (seconds * 10)
  await stop(child)
  report('supervisor idle CPU per 30 s, 4 workers', `${own.toFixed(0)} ms`, '60 ms', `over ${seconds} s`)
  report('idle worker CPU, agent included', `${worker.toFixed(2)} %`, '0.2 %', 'of one core, median of 4')
}

/** All four workers die as soon as they are ready; what the whole tree costs after its first ten seconds. */
async function crashLoop() {
  const seconds = quick ? 15 : 50
  const port = await freePort()
  const child = launch([RESIL, 'start', CRASH_LOOP, '-w', '4'], { PORT: String(port) })
  const started = Date.now()
  await sleep(10_000)
  const before = cpuMs(child.pid, true)
  await sleep(seconds * 1_000)
  const alive = child.exitCode === null
  const percent = alive ? (cpuMs(child.pid, true) - before) / (seconds * 10) : Number.NaN
  if (alive) await stop(child)
  report(
    'crash loop of 4 workers, after 10 s',
    `${percent.toFixed(2)} %`,
    '2 %',
    `of one core, over ${Math.round((Date.now() - started) / 1000)} s`,
  )
}

function pm2Version() {
  try {
    return execFileSync('pm2', ['--version'], { encoding: 'utf8', env: { ...process.env, PM2_HOME: runtimeDir } })
      .trim()
      .split('\n')
      .at(-1)
  } catch {
    return null
  }
}

/** pm2's own figures for the same service; only where it is installed. */
async function pm2() {
  const version = pm2Version()
  if (version === null) {
    console.log('pm2 is not installed: its column is left out (npm i -g pm2 to see it)')
    return
  }
  const env = { ...process.env, PM2_HOME: runtimeDir, PORT: String(await freePort()) }
  const call = (...args) => execFileSync('pm2', args, { env, stdio: 'ignore' })
  const start = performance.now()
  call('start', SERVER, '-i', '4')
  await untilAnswer(Number(env.PORT))
  console.log(`pm2 ${version}: first answer ${(performance.now() - start).toFixed(0)} ms`)
  const status = []
  for (let round = 0; round < rounds; round += 1) status.push(await timed(async () => call('ls')))
  console.log(`pm2 ${version}: status ${median(status).toFixed(0)} ms`)
  const pid = Number(
    execFileSync('pm2', ['ping'], { env, encoding: 'utf8' }) &&
      (await import('node:fs')).readFileSync(`${runtimeDir}/pm2.pid`, 'utf8'),
  )
  console.log(`pm2 ${version}: daemon PSS ${(pssKb(pid) / 1024).toFixed(1)} MiB`)
  call('kill')
}

console.log(`node ${process.version}, medians of ${rounds} alternating runs${quick ? ' (quick)' : ''}`)
await statusTime()
await firstAnswer()
await memory()
await idleCpu()
await crashLoop()
await pm2()
