// A benchmark of named figures: its options (--quick, --only), its table, the same as JSON, and the exit code.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runtimeDir } from './measure.js'
import { median, medianInterval, verdict } from './statistics.js'

/** `figures`: name → a function of `report` and `quick`, which takes the measure and reports it. They run one after the other. */
export async function measureFigures(benchmark, figures, hints = []) {
  const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } })
  const quick = options.quick ?? false
  const wanted = options.only?.split(',') ?? Object.keys(figures)
  for (const name of wanted) {
    if (figures[name] === undefined) throw new Error(`--only ${name}: it is one of ${Object.keys(figures)}`)
  }
  const rows = []
  console.log(`node ${process.version}${quick ? ', quick: too few rounds for a verdict' : ''}`)
  for (const hint of hints) console.log(hint)
  for (const name of wanted) {
    await figures[name]({ quick, report: (...figure) => rows.push(tell(...figure)) })
  }
  const file = join(runtimeDir, `${benchmark}.json`)
  writeFileSync(file, JSON.stringify({ node: process.version, quick, rows }, null, 2))
  console.log(`as JSON: ${file}`)
  process.exitCode = rows.some(({ outcome }) => outcome === 'MISSED') ? 1 : 0
}

/** `digits`: after the point. Without a `budget` a figure is only told. */
function tell(figure, values, { unit = '', digits = 2, budget, detail = '' }) {
  const [low, high] = medianInterval(values).map((value) => value.toFixed(digits))
  const value = median(values).toFixed(digits)
  const limit =
    budget === undefined ? '' : `${budget.atLeast === undefined ? '≤' : '≥'} ${budget.atLeast ?? budget.atMost}`
  const outcome = budget === undefined ? '' : verdict(values, budget)
  console.log(
    `${figure.padEnd(46)} ${value.padStart(7)} ${`[${low}, ${high}]`.padEnd(18)} ${unit.padEnd(3)} ${limit.padEnd(7)} ${outcome.padEnd(8)} ${detail}`,
  )
  return { figure, value: Number(value), low: Number(low), high: Number(high), unit, limit, outcome, detail }
}
