// A supervised app that keeps 20 MB of each request for /leak, and what its workers tell of themselves in their answers.
import { fixture, startSupervisor } from '../../test/campaign/support.js'

const HARD_BYTES = 250 * 2 ** 20

export async function startLeaking(instances) {
  const service = await startSupervisor({
    script: fixture('leaks.cjs'),
    instances,
    watchdogs: { memory: { hard: HARD_BYTES } },
  })
  await service.until(({ type }) => type === 'app.running')
  return service
}

/** Checks answers, and knows when each pid said for the first time that it is over its limit. */
export function watchAnswers() {
  const crossings = new Map()
  return {
    check: (body) => {
      const { pid, rss, at } = JSON.parse(body)
      if (rss > HARD_BYTES && !crossings.has(pid)) crossings.set(pid, at)
      return Number.isInteger(pid) && rss > 0
    },
    crossedAt: (pid) => {
      if (!crossings.has(pid)) throw new Error(`pid ${pid} was replaced, and never said that it is over its limit`)
      return crossings.get(pid)
    },
  }
}

export function firstWorkers({ events }) {
  return events.filter(({ type }) => type === 'worker.ready').map(({ worker }) => worker)
}

/** The event that says so. */
export function replaced(service, pid) {
  return service.until(({ type, worker }) => type === 'worker.replaced' && worker.pid === pid)
}
