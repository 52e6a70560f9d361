// kill -9 under load: nobody is refused, nobody hangs, no descriptor leaks, and no more requests fail than the victims had in hand.
//   npm run campaign:kill -- --kills 500 --workers 3 --seed 1        npm run campaign:kill -- --kills 50 --workers 1
// The schedule: --schedule 0 round robin, 1 shared, 2 reusePort (Node >= 22.12).
import http from 'node:http'
import {
  conclude,
  fixture,
  NO_LIMITS,
  numbersFromArgs,
  request,
  SCHEDULES,
  seeded,
  sleep,
  startSupervisor,
} from './support.js'

const { kills, clients, workers, seed, schedule } = numbersFromArgs({
  kills: 500,
  clients: 40,
  workers: 3,
  seed: 1,
  schedule: 0,
})
const random = seeded(seed)

const supervisor = await startSupervisor({
  script: fixture('server.cjs'),
  instances: workers,
  restart: NO_LIMITS,
  ...SCHEDULES[schedule],
})
const results = {}
const failures = []
const agent = new http.Agent({ keepAlive: true, maxSockets: clients })
let asking = true

async function client(ownAgent) {
  while (asking) {
    const path = `/slow?ms=${Math.floor(random() * 30)}`
    const result = await request(supervisor.port, path, { agent: ownAgent, expect: (body) => body.includes('pid') })
    results[result] = (results[result] ?? 0) + 1
  }
}

function readyPids() {
  const pids = new Map()
  for (const { type, worker } of supervisor.events) {
    if (type === 'worker.ready') pids.set(worker.id, worker.pid)
    if (type === 'worker.exited') pids.delete(worker.id)
  }
  return [...pids.values()]
}

/** Descriptors come and go with samples; what counts is what stays. */
async function settledDescriptors(most) {
  const until = Date.now() + 40_000
  while (supervisor.descriptors() > most && Date.now() < until) await sleep(250)
  return supervisor.descriptors()
}

let killed = 0
let before = 0
let after = 0
try {
  await supervisor.until(({ type }) => type === 'app.running')
  // The sampler opens one descriptor for each process, itself included.
  before = supervisor.descriptors() + workers + 1
  const all = Array.from({ length: clients }, (_, index) => client(index % 2 === 0 ? agent : false))
  for (; killed < kills; killed += 1) {
    await sleep(20 + random() * 80)
    const pids = readyPids()
    const from = supervisor.events.length
    process.kill(pids[Math.floor(random() * pids.length)], 'SIGKILL')
    await supervisor.until(({ type }) => type === 'worker.ready', 30_000, from)
  }
  asking = false
  await Promise.all(all)
  agent.destroy()
  after = await settledDescriptors(before)
} catch (error) {
  failures.push(error.message)
}
for (const fault of supervisor.faults()) failures.push(`${fault.type}: ${fault.message}`)
const { code } = await supervisor.stop()
if (code !== 0) failures.push(`the supervisor exited with ${code}`)
const { ok = 0, ECONNRESET: cut = 0, EPIPE: piped = 0, 'socket hang up': hungUp = 0, ...others } = results
if (Object.keys(others).length > 0)
  failures.push(`requests failed in a way that no crash excuses: ${JSON.stringify(others)}`)
// Every client has at most one request at a time, so no kill can cost more than all of them.
if (cut + piped + hungUp > killed * clients) failures.push(`${cut} requests were cut, by ${killed} kills`)
if (after > before) failures.push(`${after} descriptors are open, ${before} were before`)
conclude('kill', failures, { seed, workers, killed, ok, cut: cut + piped + hungUp, descriptors: { before, after } })
