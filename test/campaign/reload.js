// Reloads under load: no request may fail. Half the clients keep their connections, half open a new one for each request.
//   npm run campaign:reload -- --reloads 100 --clients 100 --seed 1
// The app: --app 0 naive, 1 closes gracefully on SIGTERM, 2 server.close(() => process.exit()).
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
  startSupervisor,
} from './support.js'

const { reloads, clients, workers, seed, app, schedule } = numbersFromArgs({
  reloads: 100,
  clients: 100,
  workers: 2,
  seed: 1,
  app: 0,
  schedule: 0,
})
const random = seeded(seed)
const entry = ['server.cjs', 'graceful.cjs', 'close-and-exit.cjs'][app]

const supervisor = await startSupervisor({
  script: fixture(entry),
  instances: workers,
  restart: NO_LIMITS,
  // Survival is not what is tried here, and it would make most of the time.
  ready: { minReady: 0 },
  ...SCHEDULES[schedule],
})
const results = {}
const failures = []
const agent = new http.Agent({ keepAlive: true, maxSockets: clients })
let asking = true

async function client(ownAgent) {
  while (asking) {
    const path = `/slow?ms=${Math.floor(random() * 300)}`
    const result = await request(supervisor.port, path, { agent: ownAgent, expect: (body) => body.includes('pid') })
    results[result] = (results[result] ?? 0) + 1
  }
}

let done = 0
let took = 0
try {
  await supervisor.until(({ type }) => type === 'app.running')
  const all = Array.from({ length: clients }, (_, index) => client(index % 2 === 0 ? agent : false))
  for (; done < reloads; done += 1) {
    const from = supervisor.events.length
    const code = await supervisor.resil('reload')
    if (code !== 0) failures.push(`reload ${done + 1} exited with ${code}`)
    took += (await supervisor.until(({ type }) => type === 'reload.finished', 60_000, from)).tookMs
  }
  asking = false
  await Promise.all(all)
} catch (error) {
  failures.push(error.message)
}
agent.destroy()
for (const fault of supervisor.faults()) failures.push(`${fault.type}: ${fault.message}`)
const { code } = await supervisor.stop()
if (code !== 0) failures.push(`the supervisor exited with ${code}`)
const { ok = 0, ...failed } = results
if (Object.keys(failed).length > 0) failures.push(`requests failed: ${JSON.stringify(failed)}`)
conclude('reload', failures, {
  seed,
  entry,
  reloads: done,
  ok,
  failed,
  meanReloadMs: Math.round(took / Math.max(1, done)),
})
