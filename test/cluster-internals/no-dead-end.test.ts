// Invariant 13: no connection waits on a dead worker, and the supervisor's descriptors return to their baseline. Whatever happens,
// in whatever order: workers are killed, stopped in the middle of it, taken out of rotation, started; clients come all the time.
// RESIL_PROPERTY_RUNS=100 for more than the short slice; fast-check prints the seed of a run that failed.

import type { Worker } from 'node:cluster'
import { afterAll, expect, it } from 'vitest'
import {
  type DoorUnderTest,
  descriptors,
  doorUnderTest,
  until,
  type Visitor,
  visit,
} from '../support/door-under-test.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { assertNoProcessLeft } from '../support/processes.ts'
import { fc } from '../support/property.ts'
import { freePort } from '../support/service.ts'

const RUNS = Number(process.env.RESIL_PROPERTY_RUNS ?? 6)
/** Of the door's own time: all that may happen in one run is over long before it gives up whoever waits. */
const TURN_MS = 200

type Happening =
  | { readonly is: 'clients come'; readonly count: number }
  | {
      readonly is: 'worker is killed' | 'worker stops' | 'worker goes on' | 'worker is out' | 'worker is in'
      readonly which: number
    }
  | { readonly is: 'worker starts' }
  | { readonly is: 'a turn passes' }

const which = fc.nat(7)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ is: fc.constant('clients come' as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('worker is killed' as const), which }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('worker stops' as const), which }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('worker goes on' as const), which }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('worker is out' as const), which }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('worker is in' as const), which }) },
  { weight: 2, arbitrary: fc.constant({ is: 'worker starts' as const }) },
  { weight: 2, arbitrary: fc.constant({ is: 'a turn passes' as const }) },
)

class Life {
  readonly #clock: FakeClock = fakeClock()
  readonly test: DoorUnderTest = doorUnderTest(this.#clock)
  readonly #source: string
  /** A worker may be free on one while it is not on the other. */
  readonly #ports: readonly number[]
  readonly #workers: Worker[] = []
  readonly #stopped = new Set<Worker>()
  readonly visitors: Visitor[] = []

  constructor(ports: readonly number[]) {
    this.#ports = ports
    this.#source = `for (const port of ${JSON.stringify(ports)})
      require('http').createServer((req, res) => res.end(String(process.pid))).listen(port, '127.0.0.1')`
  }

  async start(): Promise<void> {
    this.#workers.push(await this.test.listening(this.#source, this.#workers.length))
  }

  async happen(what: Happening): Promise<void> {
    switch (what.is) {
      case 'clients come':
        // No worker may be listening, and yet nobody is refused.
        this.visitors.push(
          ...(await Promise.all(
            Array.from({ length: what.count }, (_, client) => visit(this.#ports[client % this.#ports.length] ?? 0)),
          )),
        )
        return
      case 'worker starts':
        this.#workers.push(this.test.fork(this.#source, this.#workers.length))
        return
      case 'a turn passes':
        await new Promise((resolve) => setTimeout(resolve, 15))
        return this.#clock.advance(TURN_MS)
      default:
        return this.#strike(what.is, this.#workers[what.which % Math.max(1, this.#workers.length)])
    }
  }

  async #strike(what: Exclude<Happening, { count: number }>['is'], worker: Worker | undefined): Promise<void> {
    if (worker === undefined) return
    switch (what) {
      case 'worker is killed':
        this.#workers.splice(this.#workers.indexOf(worker), 1)
        this.#stopped.delete(worker)
        return this.test.kill(worker)
      case 'worker stops':
        this.#stopped.add(worker)
        worker.process.kill('SIGSTOP')
        return
      case 'worker goes on':
        this.#stopped.delete(worker)
        worker.process.kill('SIGCONT')
        return
      case 'worker is out':
        return this.test.door.setRotation(worker, false)
      case 'worker is in':
        return this.test.door.setRotation(worker, true)
    }
  }

  /** The supervisor finds a hung worker and replaces it; then a healthy one is there. */
  async recover(): Promise<void> {
    for (const worker of [...this.#stopped]) await this.#strike('worker is killed', worker)
    await this.start()
  }
}

afterAll(() => assertNoProcessLeft())

it('no connection waits on a dead worker, and no descriptor is left behind', {
  timeout: 30_000 + RUNS * 20_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 25 }), async (happenings) => {
      // Each is held by a descriptor of the test's own.
      const ports = [await freePort(), await freePort()]
      const before = descriptors()
      const life = new Life(ports)
      try {
        await life.start()
        for (const each of happenings) await life.happen(each)
        await life.recover()
        await until(() => life.visitors.every(({ settled }) => settled), 'every client has its answer or its end')
        expect(life.test.door.counts).toMatchObject({ waiting: 0, dropped: 0 })
      } finally {
        await life.test.close()
        for (const { socket } of life.visitors) socket.destroy()
      }
      await until(() => descriptors() <= before, `${before} descriptors, as before`)
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})
