// Reloads under load: no request may fail, and no reload may take longer than its workers' boots, minReady and drains explain.
//   npm run campaign:reload -- --reloads 100 --clients 100 --seed 1
//     --app naive | graceful | close-and-exit | all        --schedule round-robin | shared | reusePort
// Half the clients keep their connections, half open a new one for each request; a request takes 0 to 300 ms.
import {
  choiceOf,
  conclude,
  fixture,
  NO_LIMITS,
  progress,
  SCHEDULES,
  seeded,
  startClients,
  startSupervisor,
  valuesFromArgs,
} from './support.js'

const APPS = { naive: 'server.cjs', graceful: 'graceful.cjs', 'close-and-exit': 'close-and-exit.cjs' }
const LONGEST_MS = 300
/** Of what its workers took, one after the other. */
const MOST_OF_THE_SUM = 1.2

const { reloads, clients, workers, seed, app, schedule, minReady } = valuesFromArgs({
  reloads: 100,
  clients: 100,
  workers: 2,
  seed: 1,
  app: 'all',
  schedule: 'round-robin',
  // Milliseconds. 0: survival is not what is tried here, and it would make most of the time.
  minReady: 0,
})

/** What the workers of one reload took, from its events: boots (minReady included) and drains. */
function workOf(events) {
  const begun = new Map()
  let sumMs = 0
  for (const event of events) {
    if (event.type === 'reload.slotReplaced') sumMs += event.bootMs
    if (event.type === 'worker.draining') begun.set(event.worker.id, event.at)
    if (event.type === 'worker.exited') sumMs += event.at - (begun.get(event.worker.id) ?? event.at)
  }
  return sumMs
}

async function campaign(name) {
  const failures = []
  const supervisor = await startSupervisor({
    script: fixture(choiceOf('app', name, APPS)),
    instances: workers,
    restart: NO_LIMITS,
    ready: { minReady },
    ...choiceOf('schedule', schedule, SCHEDULES),
  })
  const show = progress(`${name}: reloads`, reloads)
  const took = []
  const shares = []
  let counts = { ok: 0, failed: {} }
  let load = null
  try {
    await supervisor.until(({ type }) => type === 'app.running')
    load = startClients({ count: clients, port: supervisor.port, random: seeded(seed), longestMs: LONGEST_MS })
    counts = load.counts
    for (let done = 0; done < reloads; done += 1) {
      show(done, `${counts.ok} answered`)
      const from = supervisor.events.length
      const code = await supervisor.resil('reload')
      if (code !== 0) failures.push(`reload ${done + 1} exited with ${code}`)
      const { tookMs } = await supervisor.until(({ type }) => type === 'reload.finished', 60_000, from)
      took.push(tookMs)
      shares.push(tookMs / workOf(supervisor.events.slice(from)))
    }
    show(reloads, `${counts.ok} answered`)
  } catch (error) {
    failures.push(error.message)
  } finally {
    await load?.end()
  }
  for (const fault of supervisor.faults()) failures.push(`${fault.type}: ${fault.message}`)
  const { code } = await supervisor.stop()
  if (code !== 0) failures.push(`the supervisor exited with ${code}`)
  if (Object.keys(counts.failed).length > 0) failures.push(`requests failed: ${JSON.stringify(counts.failed)}`)
  // Of the fastest quarter: a wait that should not be is in every reload, a pause that the machine makes is not.
  const sorted = shares.toSorted((a, b) => a - b)
  const usual = sorted[Math.floor((sorted.length - 1) / 4)]
  if (usual > MOST_OF_THE_SUM)
    failures.push(`reloads took ${usual.toFixed(2)} × the sum of their boots and drains, over ${MOST_OF_THE_SUM}`)
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  return {
    reloads: took.length,
    ...counts,
    meanReloadMs: Math.round(mean(took)),
    shareOfSum: { mean: Number(mean(shares).toFixed(2)), max: Number(Math.max(0, ...shares).toFixed(2)) },
    failures: failures.map((failure) => `${name}: ${failure}`),
  }
}

const results = {}
for (const name of app === 'all' ? Object.keys(APPS) : [app]) results[name] = await campaign(name)
const failures = Object.values(results).flatMap((result) => result.failures)
conclude('reload', failures, { seed, schedule, workers, clients, apps: results })
