// Clients that ask one request after the other, check each answer, and try nothing again. Each second one keeps its connection.
import http from 'node:http'
import { request, sleep } from '../../test/campaign/support.js'

/** Longer than a hung worker holds a connection that it had been given. */
const HUNG_AFTER_MS = 30_000
/** An answer that took longer has waited for somebody who was ill. */
const LONG_WAIT_MS = 1_000

/** `check(body)`: whether it is a right answer. */
export function startClients({ count, port, path, pauseMs, check }) {
  const counts = { asked: 0, lost: {}, waited: 0 }
  let asking = true
  const client = async (keepAlive) => {
    const agent = keepAlive && new http.Agent({ keepAlive, maxSockets: 1 })
    while (asking) {
      const askedAt = performance.now()
      const { result } = await request(port, path, { agent, hungAfterMs: HUNG_AFTER_MS, expect: check })
      counts.asked += 1
      if (result !== 'ok') counts.lost[result] = (counts.lost[result] ?? 0) + 1
      else if (performance.now() - askedAt > LONG_WAIT_MS) counts.waited += 1
      await sleep(pauseMs)
    }
    if (agent) agent.destroy()
  }
  const all = Array.from({ length: count }, (_, index) => client(index % 2 === 0))
  return {
    /** Once all have their last answers. */
    end: async () => {
      asking = false
      await Promise.all(all)
      return counts
    },
  }
}

/** Of all rounds together: a figure that has to be 0. */
export function reportLost(report, figure, rounds) {
  const lost = rounds.flatMap((counts) => Object.entries(counts.lost))
  const asked = sum(rounds.map((counts) => counts.asked))
  const waited = sum(rounds.map((counts) => counts.waited))
  const what = lost.map(([result, times]) => `; ${times} × ${result}`).join('')
  report(figure, [sum(lost.map(([, times]) => times))], {
    digits: 0,
    budget: { atMost: 0 },
    detail: `of ${asked}; ${waited} waited for longer than a second${what}`,
  })
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}
