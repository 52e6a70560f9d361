// What a supervisor does to traffic, against a bare cluster primary in the same run:
//   npm run bench:connections             all        -- --quick    fewer, shorter rounds        -- --only throughput,crash,reload
// Ratios of alternating pairs: the median, where it lies with 95 % confidence, and the verdict on its budget.
import { crashToAnswer } from './connections/crash.js'
import { lossesOfReloads } from './connections/reload.js'
import { throughput } from './connections/throughput.js'
import { measureFigures } from './support/figures.js'
import { hasWrk } from './support/load.js'

const WITHOUT_WRK = [
  'wrk is not installed (apt-get install wrk): the load comes from a Node client, which may be the bottleneck.',
  'Then throughput ratios are too near to 1; trust the CPU ratios.',
]

await measureFigures(
  'connections',
  { throughput, crash: crashToAnswer, reload: lossesOfReloads },
  hasWrk ? [] : WITHOUT_WRK,
)
