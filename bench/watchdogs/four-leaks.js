// All four workers leak at once, and so do those that replace them: how many are ready at worst, and how long it takes until none
// of the four is left in its place.
import { reportLost, startClients } from './clients.js'
import { firstWorkers, replaced, startLeaking, watchAnswers } from './leaking.js'

const WORKERS = 4
const NOT_READY = new Set(['worker.suspected', 'worker.draining', 'worker.signalled', 'worker.exited'])

export async function fourLeaks({ report, quick }) {
  const count = quick ? 1 : 6
  const rounds = []
  for (let round = 0; round < count; round += 1) rounds.push(await leakTogether())
  const all = rounds.map(({ allMs }) => allMs / 1_000)
  report('four leak at once: first past → all replaced', all, {
    unit: 's',
    detail: `longest ${Math.max(...all).toFixed(2)} s`,
  })
  // With maxUnavailable 0 the floor is all of them.
  report('four leak at once: fewest ready', [Math.min(...rounds.map(({ fewest }) => fewest))], {
    digits: 0,
    budget: { atLeast: WORKERS },
  })
  reportLost(
    report,
    'four leak at once: requests lost',
    rounds.map(({ counts }) => counts),
  )
}

async function leakTogether() {
  const service = await startLeaking(WORKERS)
  try {
    const pids = firstWorkers(service).map(({ pid }) => pid)
    const { check, crossedAt } = watchAnswers()
    const clients = startClients({ count: 8, port: service.port, path: '/leak', pauseMs: 400, check })
    const replacedAt = []
    for (const pid of pids) replacedAt.push((await replaced(service, pid)).at)
    const counts = await clients.end()
    return {
      allMs: Math.max(...replacedAt) - Math.min(...pids.map(crossedAt)),
      fewest: fewestReady(service.events),
      counts,
    }
  } finally {
    await service.stop()
  }
}

/** From the moment at which the app runs. */
function fewestReady(events) {
  const ready = new Set()
  /** A worker that drains may be suspect as well; when it recovers it drains on. */
  const leaving = new Set()
  let fewest = Number.POSITIVE_INFINITY
  let isRunning = false
  for (const { type, worker } of events) {
    if (type === 'app.running') isRunning = true
    if (type === 'worker.draining') leaving.add(worker.id)
    if (type === 'worker.ready' || (type === 'worker.recovered' && !leaving.has(worker.id))) ready.add(worker.id)
    if (NOT_READY.has(type)) ready.delete(worker.id)
    if (isRunning) fewest = Math.min(fewest, ready.size)
  }
  return fewest
}
