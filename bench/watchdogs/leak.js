// The only worker leaks 20 MB with each request: how soon after it has crossed its hard limit another has taken its place, and
// whether any client notices. Clients ask until it has drained.
import { sleep } from '../../test/campaign/support.js'
import { median } from '../support/statistics.js'
import { reportLost, startClients } from './clients.js'
import { firstWorkers, replaced, startLeaking, watchAnswers } from './leaking.js'

/** Of the supervisor's look at its workers. */
const SAMPLE_MS = 1_000

export async function leak({ report, quick }) {
  const count = quick ? 2 : 12
  const rounds = []
  // At another moment between two samples each time.
  for (let round = 0; round < count; round += 1) rounds.push(await leakOnce((round * SAMPLE_MS) / count))
  const seconds = (name) => rounds.map((round) => round[name] / 1_000)
  report('leak past the limit → noticed', seconds('noticedMs'), { unit: 's' })
  const values = seconds('replacedMs')
  const bootMs = median(rounds.map((round) => round.bootMs))
  report('leak past the limit → replaced', values, {
    unit: 's',
    budget: { atMost: 2 },
    detail: `longest ${Math.max(...values).toFixed(2)} s; ${bootMs.toFixed(0)} ms of it its replacement's boot`,
  })
  reportLost(
    report,
    'leak past the limit: requests lost',
    rounds.flatMap(({ counts }) => counts),
  )
}

async function leakOnce(momentMs) {
  const service = await startLeaking(1)
  try {
    const [{ pid }] = firstWorkers(service)
    const { check, crossedAt } = watchAnswers()
    const { port } = service
    const clients = startClients({ count: 6, port, path: '/', pauseMs: 10, check })
    await sleep(momentMs)
    const leaking = startClients({ count: 1, port, path: '/leak', pauseMs: 80, check })
    const { at: replacedAt, bootMs } = await replaced(service, pid)
    const leaked = await leaking.end()
    const { at: noticedAt } = service.events.find(({ type }) => type === 'watchdog.tripped')
    await service.until(({ type, worker }) => type === 'worker.exited' && worker.pid === pid)
    const counts = [await clients.end(), leaked]
    return { noticedMs: noticedAt - crossedAt(pid), replacedMs: replacedAt - crossedAt(pid), bootMs, counts }
  } finally {
    await service.stop()
  }
}
