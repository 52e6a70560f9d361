// One process of the benchmark: alternates bare and each case in short rounds, so that a noisy neighbour hits both, and
// prints the median of the rounds' ratios as JSON. Arguments: the bundle, then the cases (none: all).
import { casesOf } from './cases.js'

const [bundle, ...only] = process.argv.slice(2)
const cases = await casesOf(await import(bundle))
const ROUND_MS = 25
const ROUNDS = 31
const WARM_UP = 8

async function loop(call, times) {
  for (let n = 0; n < times; n++) await call()
}

async function nsPerCall(call, times) {
  const before = process.cpuUsage()
  await loop(call, times)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / times
}

/** So many calls that a round takes about ROUND_MS. */
async function timesFor(call) {
  await loop(call, 2000)
  return Math.max(500, Math.round((ROUND_MS * 1e6) / Math.max(10, await nsPerCall(call, 5000))))
}

/** New space is larger than what the calls allocate: nothing is collected between the two readings. */
async function bytesPerCall(call) {
  await loop(call, 200)
  const samples = []
  for (let n = 0; n < 7; n++) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    await loop(call, 500)
    samples.push((process.memoryUsage().heapUsed - before) / 500)
  }
  return median(samples)
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

const { bare } = cases
const bareTimes = await timesFor(bare)
const results = []
for (const [name, call] of Object.entries(cases)) {
  if (only.length > 0 && !only.includes(name)) continue
  const times = await timesFor(call)
  const [ratios, ns, bareNs] = [[], [], []]
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const [b, c] = [await nsPerCall(bare, bareTimes), await nsPerCall(call, times)]
    if (round < WARM_UP) continue
    ratios.push(c / b)
    ns.push(c)
    bareNs.push(b)
  }
  const sorted = ratios.toSorted((a, b) => a - b)
  results.push({
    name,
    ratio: median(ratios),
    low: sorted[Math.floor(sorted.length * 0.25)],
    high: sorted[Math.floor(sorted.length * 0.75)],
    ns: median(ns),
    bareNs: median(bareNs),
    bytes: await bytesPerCall(call),
  })
}
console.log(JSON.stringify(results))
process.exit(0)
