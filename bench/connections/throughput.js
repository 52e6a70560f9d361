// Requests per second through each side, and the CPU that each costs: that one depends less on what else the machine does.
import { load } from '../support/load.js'
import { childrenOf, exactCpuMs, sleep } from '../support/measure.js'
import { startBare, startResil } from './sides.js'

const WORKERS = 2
const CONNECTIONS = 32
const [major, minor] = process.versions.node.split('.').map(Number)
/** SO_REUSEPORT came with listen({ reusePort }). */
const HAS_REUSE_PORT = major > 22 || (major === 22 && minor >= 12)

export async function throughput({ report, quick }) {
  const [rounds, seconds, warmSeconds] = quick ? [3, 1, 3] : [12, 3, 10]
  await compare('keep-alive', await startResil(WORKERS), { keepAlive: true, budget: { atLeast: 0.98 } })
  const perRequest = { keepAlive: false }
  await compare('connection per request', await startResil(WORKERS), { ...perRequest, budget: { atLeast: 0.97 } })
  await compare('the same, schedule "shared"', await startResil(WORKERS, { schedule: 'shared' }), {
    ...perRequest,
    budget: { atLeast: 1.8 },
  })
  if (HAS_REUSE_PORT) {
    await compare('the same, reusePort', await startResil(WORKERS, { reusePort: true }), {
      ...perRequest,
      budget: { atLeast: 1.8 },
    })
  } else console.log('reusePort: not on this Node, it came with 22.12')

  async function compare(figure, resil, { keepAlive, budget }) {
    if (resil === null) {
      console.log(`${figure}: this resil does not start with it`)
      return
    }
    // As fresh as the other side: one that has been under load for longer is compiled better, by up to a tenth of its CPU.
    const bare = await startBare(WORKERS)
    const requests = []
    const cpu = { primary: [], all: [] }
    const sample = async ({ port, pid }) => {
      const spent = () => [exactCpuMs(pid), childrenOf(pid).reduce((sum, worker) => sum + exactCpuMs(worker), 0)]
      const before = spent()
      const answered = await load({ port, seconds, connections: CONNECTIONS, keepAlive })
      const [primary, workers] = spent().map((ms, index) => ((ms - before[index]) * 1_000) / answered.requests)
      if (answered.errors > 0) console.log(`${figure}: ${answered.errors} errors`)
      return { perSecond: answered.requests / seconds, primaryUs: primary, allUs: primary + workers }
    }
    // Warm: V8 has compiled what it will. That takes 30,000 to 60,000 connections.
    for (const side of [bare, resil]) {
      await load({ port: side.port, seconds: warmSeconds, connections: CONNECTIONS, keepAlive })
    }
    let last = {}
    for (let round = 0; round < rounds; round += 1) {
      // Either side goes first as often, so that a machine that slows down favours none.
      const order = round % 2 === 0 ? ['bare', 'resil'] : ['resil', 'bare']
      last = {}
      for (const side of order) {
        await sleep(200)
        last[side] = await sample(side === 'bare' ? bare : resil)
      }
      requests.push(last.resil.perSecond / last.bare.perSecond)
      cpu.primary.push(last.resil.primaryUs / last.bare.primaryUs)
      cpu.all.push(last.resil.allUs / last.bare.allUs)
    }
    await resil.stop()
    await bare.stop()
    const figures = ({ perSecond, primaryUs, allUs }) =>
      `${perSecond.toFixed(0)}/s at ${allUs.toFixed(1)} µs CPU, ${primaryUs.toFixed(1)} of it the primary's`
    report(`${figure}: throughput over bare`, requests, { unit: '×', budget })
    console.log(`    last pair: bare ${figures(last.bare)}; resil ${figures(last.resil)}`)
    report(`${figure}: CPU over bare`, cpu.all, { unit: '×' })
    // With kept connections the primary has nothing to do: a ratio of two nothings.
    if (!keepAlive) report(`${figure}: primary's CPU over bare`, cpu.primary, { unit: '×' })
  }
}
