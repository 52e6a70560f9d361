// What a supervisor does to traffic, against a bare cluster primary in the same run:
//   npm run bench:connections             all        -- --quick    fewer, shorter rounds        -- --only throughput,crash,reload
// Ratios of alternating pairs: the median, where it lies with 95 % confidence, and the verdict on its budget.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { crashToAnswer } from './connections/crash.js'
import { lossesOfReloads } from './connections/reload.js'
import { throughput } from './connections/throughput.js'
import { hasWrk } from './support/load.js'
import { runtimeDir } from './support/measure.js'
import { median, medianInterval, verdict } from './support/statistics.js'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } })
const quick = options.quick ?? false
const FIGURES = { throughput, crash: crashToAnswer, reload: lossesOfReloads }
const wanted = options.only?.split(',') ?? Object.keys(FIGURES)

const rows = []
/** `digits`: after the point. Without a `budget` a figure is only told. */
function report(figure, values, { unit = '', digits = 2, budget, detail = '' }) {
  const [low, high] = medianInterval(values).map((value) => value.toFixed(digits))
  const value = median(values).toFixed(digits)
  const limit =
    budget === undefined ? '' : `${budget.atLeast === undefined ? '≤' : '≥'} ${budget.atLeast ?? budget.atMost}`
  const outcome = budget === undefined ? '' : verdict(values, budget)
  rows.push({ figure, value: Number(value), low: Number(low), high: Number(high), unit, limit, outcome, detail })
  console.log(
    `${figure.padEnd(46)} ${value.padStart(7)} ${`[${low}, ${high}]`.padEnd(18)} ${unit.padEnd(3)} ${limit.padEnd(7)} ${outcome.padEnd(8)} ${detail}`,
  )
}

console.log(`node ${process.version}${quick ? ', quick: too few rounds for a verdict' : ''}`)
if (!hasWrk) {
  console.log(
    'wrk is not installed (apt-get install wrk): the load comes from a Node client, which may be the bottleneck.',
  )
  console.log('Then throughput ratios are too near to 1; trust the CPU ratios.')
}
for (const name of wanted) {
  if (FIGURES[name] === undefined) throw new Error(`--only ${name}: it is one of ${Object.keys(FIGURES)}`)
  await FIGURES[name]({ report, quick })
}
const file = join(runtimeDir, 'connections.json')
writeFileSync(file, JSON.stringify({ node: process.version, quick, rows }, null, 2))
console.log(`as JSON: ${file}`)
process.exitCode = rows.some(({ outcome }) => outcome === 'MISSED') ? 1 : 0
