// What is measured: the same async action through nothing, through ours, and through the peers. Each case is a function that
// makes one call; `rejects` ones are measured with their catch.
import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker as cBreaker,
  bulkhead as cBulkhead,
  fallback as cFallback,
  retry as cRetry,
  timeout as cTimeout,
  handleAll,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import CircuitBreaker from 'opossum'
import pLimit from 'p-limit'
import pRetry from 'p-retry'
import pTimeout from 'p-timeout'

const action = async () => 1
const fails = async () => {
  throw new Error('down')
}
const swallow = () => {}

export async function casesOf({ bulkhead, circuitBreaker, fallback, pipeline, retry, timeout }) {
  const three = pipeline('three', retry(), circuitBreaker(), bulkhead())
  const threeDurations = pipeline({ name: 'three-d', durations: true }, retry(), circuitBreaker(), bulkhead())
  const five = pipeline('five', fallback.value(0), timeout(30_000), retry(), circuitBreaker(), bulkhead())
  const fiveDurations = pipeline(
    { name: 'five-d', durations: true },
    fallback.value(0),
    timeout(30_000),
    retry(),
    circuitBreaker(),
    bulkhead(),
  )
  const standard = pipeline.standard('standard')
  const open = circuitBreaker()
  open.open()

  const cRetries = () => cRetry(handleAll, { maxAttempts: 3 })
  const cBreaks = () => cBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(5) })
  const cThree = wrap(cRetries(), cBreaks(), cBulkhead(10))
  const cFive = wrap(
    cFallback(handleAll, 0),
    cTimeout(30_000, TimeoutStrategy.Aggressive),
    cRetries(),
    cBreaks(),
    cBulkhead(10),
  )
  const cOpen = cBreaker(handleAll, { halfOpenAfter: 600_000, breaker: new ConsecutiveBreaker(1) })
  await cOpen.execute(fails).catch((error) => {
    if (error instanceof BrokenCircuitError) throw error
  })

  const opossum = new CircuitBreaker(action, { timeout: 30_000 })
  const opossumPlain = new CircuitBreaker(action, { timeout: false })
  const limit = pLimit(10)

  return {
    bare: action,
    'resil, three': () => three.execute(action),
    'resil, three, durations': () => threeDurations.execute(action),
    'resil, five': () => five.execute(action),
    'resil, five, durations': () => fiveDurations.execute(action),
    'resil, standard': () => standard.execute(action),
    'cockatiel, three': () => cThree.execute(action),
    'cockatiel, five': () => cFive.execute(action),
    'opossum, timeout': () => opossum.fire(),
    'opossum, no timeout': () => opossumPlain.fire(),
    'p-limit': () => limit(action),
    'p-retry': () => pRetry(action),
    'p-timeout': () => pTimeout(action(), { milliseconds: 30_000 }),
    'resil, open circuit': () => open.execute(action).catch(swallow),
    'cockatiel, open circuit': () => cOpen.execute(action).catch(swallow),
  }
}
