// What a breaker retains after 10³ and 10⁷ records within 10 s, averaged over 1,000 breakers. Argument: the bundle.
const { circuitBreaker, manualClock } = await import(process.argv[2])

function retainedBytes(records) {
  const clock = manualClock()
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const breakers = Array.from({ length: 1000 }, () =>
    circuitBreaker({ name: 'b', clock, window: { durationMs: 10_000 }, failureRate: 1 }),
  )
  for (let n = 0; n < records; n++) {
    if (n % (records / 1000) === 0) clock.advance(10)
    breakers[n % breakers.length].tryAcquire()?.settle(n % 2 === 0 ? 'success' : 'failure', 1)
  }
  globalThis.gc()
  return (process.memoryUsage().heapUsed - before) / breakers.length
}

retainedBytes(1_000_000)
console.log(JSON.stringify({ few: retainedBytes(1_000), many: retainedBytes(10_000_000) }))
