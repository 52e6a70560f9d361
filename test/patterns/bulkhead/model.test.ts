import { expect, it } from 'vitest'
import { bulkhead, manualClock } from '../../../src/patterns.ts'
import { fc } from '../../support/property.ts'
import { boom, type Deferred, deferred, turn } from '../support/promises.ts'

const step = fc.oneof(
  fc.record({ do: fc.constant('call' as const), priority: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ do: fc.constant('settle' as const), which: fc.nat(), ok: fc.boolean() }),
  fc.record({ do: fc.constant('abort' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.nat(60) }),
)

interface Modelled {
  readonly id: number
  readonly priority: number
  readonly until: number
}

/** What a bulkhead is, without any of its machinery: who runs, who waits, who holds on after an abort. */
class Model {
  readonly running = new Set<number>()
  queue: Modelled[] = []
  rejected = 0
  readonly limit: number
  readonly places: number
  readonly maxWaitMs: number

  constructor(limit: number, places: number, maxWaitMs: number) {
    this.limit = limit
    this.places = places
    this.maxWaitMs = maxWaitMs
  }

  call(id: number, priority: number, now: number): void {
    if (this.running.size < this.limit && this.queue.length === 0) this.running.add(id)
    else if (this.queue.length >= this.places) this.rejected += 1
    else {
      this.queue.push({ id, priority, until: now + this.maxWaitMs })
      this.queue.sort((a, b) => b.priority - a.priority || a.id - b.id)
    }
  }

  settle(id: number): void {
    if (!this.running.delete(id)) return
    const next = this.queue.shift()
    if (next !== undefined) this.running.add(next.id)
  }

  abort(id: number): void {
    this.queue = this.queue.filter((waiting) => waiting.id !== id)
  }

  expire(now: number): void {
    this.queue = this.queue.filter(({ until }) => until > now)
  }
}

it('agrees with a simple model under any interleaving of calls, settles, aborts and time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(3),
      fc.array(step, { maxLength: 60 }),
      async (limit, places, steps) => {
        const clock = manualClock()
        const strategy = bulkhead({ clock, maxConcurrentCalls: limit, maxQueuedCalls: places, maxWaitMs: 100 })
        const model = new Model(limit, places, 100)
        const started = new Set<number>()
        const calls: { readonly work: Deferred<unknown>; readonly controller: AbortController }[] = []
        for (const next of steps) {
          if (next.do === 'call') {
            const id = calls.length
            const work = deferred()
            const controller = new AbortController()
            calls.push({ work, controller })
            const action = () => {
              started.add(id)
              return work.promise
            }
            strategy.execute(action, { signal: controller.signal, priority: next.priority }).catch(() => {})
            model.call(id, next.priority, clock.now())
          } else if (next.do === 'advance') {
            clock.advance(next.ms)
            model.expire(clock.now())
          } else if (calls.length > 0) {
            const id = next.which % calls.length
            if (next.do === 'abort') {
              calls[id]?.controller.abort(boom)
              model.abort(id)
            } else {
              if (next.ok) calls[id]?.work.resolve(1)
              else calls[id]?.work.reject(boom)
              if (started.has(id)) model.settle(id)
              calls[id]?.work.promise.catch(() => {})
            }
          }
          await turn()
          // Work that was settled before it began ends as soon as it begins.
          for (let again = true; again; ) {
            again = false
            for (const id of [...model.running]) {
              const state = await Promise.race([
                calls[id]?.work.promise.then(
                  () => true,
                  () => true,
                ),
                turn().then(() => false),
              ])
              if (state === true) {
                model.settle(id)
                again = true
              }
            }
            await turn()
          }
          const { inFlight, queued, rejectedFull } = strategy.metrics()
          expect({ inFlight, queued, rejectedFull }).toEqual({
            inFlight: model.running.size,
            queued: model.queue.length,
            rejectedFull: model.rejected,
          })
          expect(inFlight).toBeLessThanOrEqual(limit)
          for (const id of model.running) expect(started.has(id)).toBe(true)
        }
        for (const { work } of calls) work.resolve(1)
        await turn()
        clock.advance(100)
        await turn()
        expect(strategy.metrics()).toMatchObject({ inFlight: 0, queued: 0 })
        expect(clock.pending).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})
