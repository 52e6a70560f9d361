import { expect, it } from 'vitest'
import { PermitQueue, type Waiter } from '../../../src/patterns/bulkhead/permit-queue.ts'
import { fc } from '../../support/property.ts'

class Waits implements Waiter {
  before: Waiter | undefined = undefined
  behind: Waiter | undefined = undefined
  readonly priority: number
  private readonly onGranted: (waiter: Waits) => void

  constructor(priority: number, onGranted: (waiter: Waits) => void = () => {}) {
    this.priority = priority
    this.onGranted = onGranted
  }

  granted(): void {
    this.onGranted(this)
  }
}

it('the highest priority goes first, within one who came first, whoever leaves in between', () => {
  const step = fc.record({
    leaves: fc.boolean(),
    which: fc.nat(),
    priority: fc.constantFrom(-1, -0, 0, 1, 2.5, 1e9, Infinity),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new PermitQueue(0)
      const gone: Waits[] = []
      let expected: Waits[] = []
      for (const { leaves, which, priority } of steps) {
        const leaver = leaves ? expected[which % Math.max(1, expected.length)] : undefined
        if (leaver !== undefined) {
          queue.leave(leaver)
          expected = expected.filter((waiter) => waiter !== leaver)
        } else {
          const waiter = new Waits(priority, (one) => gone.push(one))
          queue.join(waiter)
          const at = expected.findIndex((other) => other.priority < priority)
          expected.splice(at === -1 ? expected.length : at, 0, waiter)
        }
        expect(queue.waiting).toBe(expected.length)
        expect(queue.next).toBe(expected[0])
      }
      queue.limit = steps.length
      expect(gone).toEqual(expected)
      expect([queue.waiting, queue.next, queue.inUse]).toEqual([0, undefined, expected.length])
    }),
  )
})

it('a place among a hundred thousand who wait is found without walking past them', () => {
  const queue = new PermitQueue(0)
  let granted = 0
  // Of each two one is more important: by walking, that is some thousand million steps.
  for (let n = 0; n < 200_000; n++) queue.join(new Waits(n % 2, () => (granted += 1)))
  queue.limit = 200_000
  expect(granted).toBe(200_000)
})
