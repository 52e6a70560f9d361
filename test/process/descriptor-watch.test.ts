import { expect, it } from 'vitest'
import { startDescriptorWatch, type WatchedWorker } from '../../src/process/descriptor-watch.ts'
import type { Input } from '../../src/supervisor/inputs.ts'
import { fakeClock } from '../support/fake-clock.ts'

type Counted = Extract<Input, { type: 'workers.descriptorsCounted' }>

function watch(workers: WatchedWorker[]) {
  const clock = fakeClock()
  const inputs: Counted[] = []
  const watching = startDescriptorWatch({
    workers: () => workers,
    clock,
    submit: (input) => inputs.push(input as Counted),
    onOwnShort: () => {},
  })
  return { clock, inputs, watching }
}

it('counts every few seconds, with the connections that were missed since', () => {
  const workers = [{ id: 7, pid: process.pid, missed: 2 }]
  const { clock, inputs, watching } = watch(workers)
  clock.advance(5_000)
  workers[0] = { id: 7, pid: process.pid, missed: 5 }
  clock.advance(10_000)
  expect(inputs.map(({ counts }) => counts[0]?.missed)).toEqual([2, 3, 0])
  expect(inputs[0]?.counts).toMatchObject([{ worker: 7, open: expect.any(Number), limit: expect.any(Number) }])
  watching.close()
  expect(clock.pending).toBe(0)
})

it('says nothing of a worker that can not be seen', () => {
  const { clock, inputs, watching } = watch([{ id: 7, pid: 2 ** 22 + 1, missed: 0 }])
  clock.advance(5_000)
  expect(inputs).toEqual([])
  watching.close()
})
