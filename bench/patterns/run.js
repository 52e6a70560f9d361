// The numbers of the patterns: CPU time and bytes of a call as ratios to a bare async call, beside the peers, once in one
// process and once in fresh ones. Exits with 1 if a budget is missed. `npm run bench:patterns -- --fast` skips the fresh ones.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const bundle = `${root}.cache/bench/patterns.mjs`

if (!existsSync(`${here}node_modules`)) {
  console.error('bench: the peers are not installed; run: npm install --prefix bench/patterns')
  process.exit(1)
}
mkdirSync(`${root}.cache/bench`, { recursive: true })
await build({
  entryPoints: [`${root}src/patterns.ts`],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
})

/** [ratio to bare, bytes of a call] */
const BUDGETS = {
  'resil, three': [4, 1536],
  'resil, three, durations': [6, 1536],
  'resil, five': [8, 2048],
  'resil, five, durations': [10, 2048],
}
const REJECTION_OF_COCKATIEL = 0.5
const BREAKER_BYTES = 10 * 1024
const BREAKER_GROWTH_BYTES = 1024

function run(script, ...args) {
  const flags = ['--expose-gc', '--max-semi-space-size=64']
  const output = execFileSync(process.execPath, [...flags, `${here}${script}`, bundle, ...args], { encoding: 'utf8' })
  return JSON.parse(output.trim().split('\n').at(-1))
}

let missed = 0
function verdict(within) {
  if (!within) missed += 1
  return within ? 'within' : 'MISSED'
}

function print(title, rows) {
  console.log(`\n${title}\n`)
  console.log('| case | × bare (quartiles) | ns | bytes | budget |\n|---|---|---|---|---|')
  for (const { name, ratio, low, high, ns, bytes } of rows) {
    const budget = BUDGETS[name]
    const judged = budget
      ? `≤ ${budget[0]} ×, ≤ ${budget[1]} B: ${verdict(ratio <= budget[0] && bytes <= budget[1])}`
      : ''
    const spread = `${ratio.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`
    console.log(`| ${name} | ${spread} | ${ns.toFixed(0)} | ${bytes.toFixed(0)} | ${judged} |`)
  }
  const [ours, theirs] = ['resil, open circuit', 'cockatiel, open circuit'].map((n) =>
    rows.find(({ name }) => name === n),
  )
  const share = ours.ratio / theirs.ratio
  console.log(
    `\nRejection by an open circuit: ${share.toFixed(2)} × cockatiel's CPU, ≤ ${REJECTION_OF_COCKATIEL}: ${verdict(share <= REJECTION_OF_COCKATIEL)}`,
  )
}

console.log(
  `Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; CPU time, medians of 31 rounds that alternate with bare`,
)
const together = run('measure.js')
print('All in one process', together)
if (!process.argv.includes('--fast'))
  print(
    'Each in a fresh process',
    together.flatMap(({ name }) => run('measure.js', name)),
  )
const { few, many } = run('breaker-heap.js')
const within = Math.abs(many - few) < BREAKER_GROWTH_BYTES && many < BREAKER_BYTES
console.log(
  `\nA breaker retains ${few.toFixed(0)} B after 10³ records, ${many.toFixed(0)} B after 10⁷: ${verdict(within)}`,
)
process.exit(missed === 0 ? 0 : 1)
