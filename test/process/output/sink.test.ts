import { expect, test } from 'vitest'
import type { Drops } from '../../../src/process/output/drop-report.ts'
import { createSink } from '../../../src/process/output/sink.ts'
import type { Target, Written } from '../../../src/process/output/target.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { fc } from '../../support/property.ts'

/** One write's fate: how much of it is taken, and what stops it there. */
interface Fate {
  readonly share: number
  readonly error: string | null
  readonly later: boolean
}

const ALL: Fate = { share: 1, error: null, later: false }

/** Answers writes with the fates in turn; when they are used up, it takes everything. */
function scriptedTarget(fates: Fate[]) {
  let text = Buffer.alloc(0)
  let closed = 0
  const target: Target = {
    name: 'test',
    write(bytes) {
      const { share, error, later } = fates.shift() ?? ALL
      const written = Math.floor(bytes.length * share)
      text = Buffer.concat([text, bytes.subarray(0, written)])
      const result: Written = { written, error }
      return later ? new Promise((resolve) => setImmediate(() => resolve(result))) : result
    },
    close: () => {
      closed += 1
    },
  }
  return {
    target,
    fates,
    get text() {
      return text.toString()
    },
    get closed() {
      return closed
    },
  }
}

function setUp(fates: Fate[] = [], maxBytes = 1_000_000) {
  const clock = fakeClock()
  const scripted = scriptedTarget(fates)
  const dropped: Drops[] = []
  let drained = 0
  const sink = createSink({
    target: scripted.target,
    clock,
    maxBytes,
    onDropped: (drops) => dropped.push(drops),
    onDrained: () => {
      drained += 1
    },
  })
  /** Turns the clock until the queue is empty. */
  const settled = async () => {
    let done = false
    void sink.flush(Number.MAX_SAFE_INTEGER).then(() => {
      done = true
    })
    for (let turn = 0; turn < 10_000; turn += 1) {
      await new Promise(setImmediate)
      if (done) return
      clock.advance(50)
    }
    throw new Error('the queue never became empty')
  }
  const lost = () => dropped.reduce((sum, { lines }) => sum + lines, 0)
  return { clock, scripted, dropped, sink, settled, lost, drains: () => drained }
}

const full: Fate = { share: 0, error: 'EAGAIN', later: false }
const failing = (error: string, share = 0): Fate => ({ share, error, later: false })

test('lines of one turn are written together, in order', async () => {
  let writes = 0
  const { sink, settled, scripted, drains } = setUp()
  const { write } = scripted.target
  scripted.target.write = (bytes) => {
    writes += 1
    return write(bytes)
  }
  sink.write('one\n')
  sink.write('zwölf\n')
  await settled()
  expect(scripted.text).toBe('one\nzwölf\n')
  expect([writes, drains()]).toEqual([1, 1])
})

test('a full pipe is tried again until it takes the rest', async () => {
  const { sink, settled, scripted, lost } = setUp([full, { share: 0.5, error: null, later: false }, full, full])
  sink.write('hello world\n')
  await settled()
  expect(scripted.text).toBe('hello world\n')
  expect(lost()).toBe(0)
})

test('a pipe that stays full is tried at most every 50 ms', async () => {
  const { sink, clock, scripted } = setUp(Array.from({ length: 1000 }, () => full))
  sink.write('x\n')
  for (let ms = 0; ms < 10_000; ms += 10) {
    await new Promise(setImmediate)
    clock.advance(10)
  }
  const tries = 1000 - scripted.fates.length
  expect(tries).toBeGreaterThan(100)
  expect(tries).toBeLessThan(220)
  sink.close()
  expect(clock.pending).toBe(0)
})

test('in a burst a full pipe is tried again with every 64 KiB, for no timer gets its turn', () => {
  const { sink, scripted } = setUp([full, ...Array.from({ length: 30 }, () => ({ ...ALL, share: 0.5 }))])
  const line = `${'x'.repeat(1023)}\n`
  for (let i = 0; i < 640; i += 1) sink.write(line)
  // All in one turn: no promise and no timer has run.
  expect(scripted.text.length).toBeGreaterThan(500 * 1024)
  sink.close()
})

test('past the bound whole lines are dropped and counted, and what was queued still comes', async () => {
  const { sink, settled, scripted, dropped } = setUp([full], 10)
  sink.write('12345\n')
  sink.write('678\n')
  sink.write('9\n')
  sink.write('too much\n')
  await settled()
  expect(scripted.text).toBe('12345\n678\n')
  expect(dropped).toEqual([
    { lines: 1, bytes: 2, error: null },
    { lines: 1, bytes: 9, error: null },
  ])
})

test('there is some room left for urgent lines, and that too has an end', async () => {
  const { sink, settled, scripted, lost } = setUp([full], 10)
  sink.write('123456789\n')
  sink.write('usual\n')
  sink.write('urgent\n', true)
  for (let i = 0; i < 100; i += 1) sink.write(`${'u'.repeat(1023)}\n`, true)
  await settled()
  expect(scripted.text.startsWith('123456789\nurgent\nuuu')).toBe(true)
  expect(lost()).toBe(1 + 100 - 63)
})

test('a full disk costs the lines of that write only', async () => {
  const { sink, settled, scripted, dropped, drains } = setUp([failing('ENOSPC')])
  sink.write('a\n')
  sink.write('b\n')
  await settled()
  expect(dropped).toEqual([{ lines: 2, bytes: 4, error: 'ENOSPC' }])
  expect(drains()).toBe(0)
  sink.write('c\n')
  await settled()
  expect(scripted.text).toBe('c\n')
  expect(drains()).toBe(1)
})

test('a line cut off by a full disk is not glued to the next one', async () => {
  const { sink, settled, scripted, lost } = setUp([{ share: 0.5, error: null, later: false }, failing('ENOSPC')])
  sink.write('abcdef\n')
  await settled()
  sink.write('next\n')
  await settled()
  expect(scripted.text).toBe('abc\nnext\n')
  expect(lost()).toBe(1)
})

test('when the reader is gone for good, nothing is tried any more', async () => {
  const { sink, settled, scripted, dropped } = setUp([failing('EPIPE')])
  sink.write('a\n')
  await settled()
  sink.write('b\n')
  await settled()
  expect(scripted.text).toBe('')
  expect(dropped).toEqual([
    { lines: 1, bytes: 2, error: 'EPIPE' },
    { lines: 1, bytes: 2, error: 'EPIPE' },
  ])
})

test('flush gives up at its deadline, and close counts what is left', async () => {
  const { sink, clock, scripted, dropped } = setUp(Array.from({ length: 1000 }, () => full))
  sink.write('never read\n')
  let done = false
  void sink.flush(300).then(() => {
    done = true
  })
  for (let ms = 0; ms < 300; ms += 50) {
    await new Promise(setImmediate)
    expect(done).toBe(false)
    clock.advance(50)
  }
  await new Promise(setImmediate)
  expect(done).toBe(true)
  sink.close()
  sink.close()
  expect(dropped).toEqual([{ lines: 1, bytes: 11, error: null }])
  expect(scripted.closed).toBe(1)
  sink.write('after close\n')
  expect(dropped).toHaveLength(2)
  await sink.flush(1000)
})

test('a line larger than a chunk stays whole', async () => {
  const { sink, settled, scripted } = setUp([{ share: 0.3, error: null, later: true }, full])
  const line = `${'ä'.repeat(300_000)}\n`
  sink.write('before\n')
  sink.write(line)
  sink.write('after\n')
  await settled()
  expect(scripted.text === `before\n${line}after\n`).toBe(true)
})

test('whatever befalls the writes, lines come whole and in order, and the count of lost ones is exact', async () => {
  const fate = fc.record({
    share: fc.constantFrom(0, 0.2, 0.7, 1),
    error: fc.constantFrom(null, null, 'EAGAIN', 'ENOSPC'),
    later: fc.boolean(),
  })
  const batch = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate),
      fc.array(batch),
      fc.integer({ min: 20, max: 200 }),
      async (fates, batches, maxBytes) => {
        const { sink, settled, scripted, lost } = setUp([...fates], maxBytes)
        let number = 0
        for (const lengths of batches) {
          for (const length of lengths) {
            sink.write(`<${number}:${'x'.repeat(length)}>\n`)
            number += 1
          }
          if (number % 3 === 0) await settled()
        }
        await settled()
        const whole = scripted.text.split('\n').flatMap((line) => /^<(\d+):x+>$/.exec(line)?.[1] ?? [])
        const numbers = whole.map(Number)
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
        expect(new Set(numbers).size).toBe(numbers.length)
        expect(numbers.length + lost()).toBe(number)
      },
    ),
    { numRuns: 300 },
  )
})
