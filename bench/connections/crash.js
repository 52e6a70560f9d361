// How long a client waits for an answer when the only worker is killed: with a standby, the time that its promotion takes.
import { performance } from 'node:perf_hooks'
import { sleep } from '../support/measure.js'
import { median } from '../support/statistics.js'
import { pidOf, startBare, startResil } from './sides.js'

export async function crashToAnswer({ report, quick }) {
  const rounds = quick ? 5 : 25
  const sides = { bare: await startBare(1), resil: await startResil(1), standby: await startResil(1, { standby: 1 }) }
  if (sides.standby === null) {
    delete sides.standby
    console.log('crash → replacement answers, with a standby: this resil does not start with one')
  }
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { port }] of Object.entries(sides)) times[name].push(await crash(port))
    // A standby is replenished meanwhile.
    await sleep(500)
  }
  for (const side of Object.values(sides)) await side.stop()
  const over = times.resil.map((ms, index) => ms - times.bare[index])
  const detail = `medians: bare ${median(times.bare).toFixed(0)} ms, resil ${median(times.resil).toFixed(0)} ms`
  report('crash → replacement answers, over bare', over, { unit: 'ms', digits: 1, budget: { atMost: 10 }, detail })
  if (times.standby) {
    report('crash → standby answers', times.standby, { unit: 'ms', digits: 1, budget: { atMost: 30 } })
  }
}

/**
 * Asked every two milliseconds, whatever became of the questions before: bare refuses until it listens again, and a question that
 * it had given to the victim is never answered.
 */
async function crash(port) {
  const victim = await pidOf(port)
  const begun = performance.now()
  process.kill(victim, 'SIGKILL')
  return new Promise((resolve, reject) => {
    const asking = setInterval(async () => {
      if (performance.now() - begun > 20_000) {
        clearInterval(asking)
        reject(new Error('nobody answers any more'))
      }
      const pid = await pidOf(port)
      if (pid === null || pid === victim) return
      clearInterval(asking)
      resolve(performance.now() - begun)
    }, 2)
  })
}
