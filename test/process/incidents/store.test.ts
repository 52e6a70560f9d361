import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import type { ResilEvent } from '../../../src/events/events.ts'
import { type IncidentStore, openStore, type StoreBounds } from '../../../src/process/incidents/store.ts'
import { sampleIncident } from '../../incidents/sample-incident.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A disk that has not taken a file by then hangs. */
const DEADLINE_MS = 50_000

function open(dir: string | null, bounds?: Partial<StoreBounds>): IncidentStore & { readonly told: ResilEvent[] } {
  const told: ResilEvent[] = []
  const all = { maxCount: 100, maxBytes: 8_000_000, maxCountInMemory: 20, ...bounds }
  const store = openStore({ dir, clock: systemClock, publish: (event) => told.push(event), bounds: all })
  onTestFinished(() => store.close())
  return Object.defineProperties({ told } as never, Object.getOwnPropertyDescriptors(store))
}

const id = (n: number): string => `0y2c${String(n).padStart(2, '0')}`
const resolved = (n: number) => sampleIncident({ id: id(n), state: 'resolved', endedAt: 1 })

describe('on the disk', () => {
  test('an incident is one file for its owner alone, and nothing else is left', async () => {
    const dir = tempDir()
    const store = open(dir)
    const incident = sampleIncident()
    store.put(incident)
    await store.flush(DEADLINE_MS)
    expect(readdirSync(dir)).toEqual(['0y2cw0.json'])
    expect(statSync(join(dir, '0y2cw0.json')).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(join(dir, '0y2cw0.json'), 'utf8'))).toEqual(incident)
    expect(store.kept).toBe('disk')
  })

  test('nothing is written before what a killed life left half written is removed, or it might be taken for that', async () => {
    const dir = tempDir(Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`${id(n)}.json.99.tmp`, 'half'])))
    const store = open(dir)
    store.put(sampleIncident())
    await store.flush(DEADLINE_MS)
    expect(readdirSync(dir)).toEqual(['0y2cw0.json'])
    expect(store.told).toEqual([])
  })

  test('it is read back whole by the next life, which goes on with those that are open', async () => {
    const dir = tempDir()
    const before = open(dir)
    before.put(sampleIncident({ id: id(1) }))
    before.put(resolved(2))
    await before.flush(DEADLINE_MS)
    const store = open(dir)
    expect(await store.loaded).toEqual({ open: [sampleIncident({ id: id(1) })], lastId: id(2) })
    expect(store.list().map((one) => one.id)).toEqual([id(2), id(1)])
    expect(await store.get(id(2))).toEqual(resolved(2))
    expect(await store.get('zzzzzz')).toBeNull()
  })

  test('a file from before incidents were about a breaker is one about none', async () => {
    const { about: _, ...old } = sampleIncident({ id: '0y2c04' })
    const store = open(tempDir({ '0y2c04.json': JSON.stringify(old) }))
    expect((await store.loaded).open).toEqual([sampleIncident({ id: '0y2c04', about: null })])
    expect(store.told).toEqual([])
  })

  test('broken files are told and left out, and what is none of its own is left alone', async () => {
    const dir = tempDir({
      '0y2c01.json': '{"version":1,"id":"0y2c01"',
      '0y2c02.json': JSON.stringify({ ...sampleIncident(), id: '0y2c02', kind: 'gremlins' }),
      '0y2c03.json': JSON.stringify(sampleIncident({ id: '0y2c09' })),
      '0y2c04.json': JSON.stringify(sampleIncident({ id: '0y2c04' })),
      'notes.json': 'mine',
      '0y2c05.json.99.tmp': 'half',
    })
    const store = open(dir)
    expect((await store.loaded).open.map((one) => one.id)).toEqual(['0y2c04'])
    const words = store.told.map((event) => (event.type === 'supervisor.warned' ? event.message : ''))
    expect(words).toHaveLength(3)
    expect(words[1]).toBe(
      `${dir}/0y2c02.json is no incident that can be read (kind: Invalid input): it is left out; delete it`,
    )
    expect(readdirSync(dir).sort()).toEqual(['0y2c01.json', '0y2c02.json', '0y2c03.json', '0y2c04.json', 'notes.json'])
  })

  test('what is over goes first when there are too many, the oldest before the others', async () => {
    const dir = tempDir()
    const store = open(dir, { maxCount: 3 })
    store.put(sampleIncident({ id: id(0) }))
    for (let n = 1; n < 6; n += 1) store.put(resolved(n))
    await store.flush(DEADLINE_MS)
    expect(readdirSync(dir).sort()).toEqual([`${id(0)}.json`, `${id(4)}.json`, `${id(5)}.json`])
    expect(store.list().map((one) => one.id)).toEqual([id(5), id(4), id(0)])
  })

  test('bytes are bounded too', async () => {
    const dir = tempDir()
    const bytes = JSON.stringify(resolved(1)).length
    const store = open(dir, { maxBytes: bytes * 2.5 })
    for (let n = 1; n < 6; n += 1) store.put(resolved(n))
    await store.flush(DEADLINE_MS)
    expect(readdirSync(dir)).toHaveLength(2)
  })

  test('what changes while it is written is written once more, as it is in the end', async () => {
    const dir = tempDir()
    const store = open(dir)
    for (let failures = 1; failures <= 100; failures += 1) store.put(sampleIncident({ failures }))
    await store.flush(DEADLINE_MS)
    expect(JSON.parse(readFileSync(join(dir, '0y2cw0.json'), 'utf8')).failures).toBe(100)
  })
})

describe('where the disk will not have it', () => {
  test('nothing is lost while resil lives, it is told once, and caught up on when the disk is well again', async () => {
    const dir = join(tempDir(), 'state')
    mkdirSync(dir)
    const store = open(dir)
    await store.loaded
    // A file in the place of the folder fails for root too, which no mode does.
    rmSync(dir, { recursive: true })
    writeFileSync(dir, '')
    store.put(sampleIncident({ id: id(1) }))
    store.put(sampleIncident({ id: id(2) }))
    await expect.poll(() => store.told).toEqual([{ type: 'incidents.unsaved', dir, error: 'ENOTDIR' }])
    await store.flush(100)
    expect(store.kept).toBe('memory')
    expect(await store.get(id(1))).toEqual(sampleIncident({ id: id(1) }))
    expect(store.told).toHaveLength(1)

    rmSync(dir)
    mkdirSync(dir)
    await store.flush(DEADLINE_MS)
    expect(store.kept).toBe('disk')
    expect(readdirSync(dir).sort()).toEqual([`${id(1)}.json`, `${id(2)}.json`])
  })

  test('a folder that somebody removed is made again', async () => {
    const dir = join(tempDir(), 'state')
    mkdirSync(dir)
    const store = open(dir)
    await store.loaded
    rmSync(dir, { recursive: true })
    store.put(sampleIncident())
    await store.flush(DEADLINE_MS)
    expect(readdirSync(dir)).toEqual(['0y2cw0.json'])
    expect(store.told).toEqual([])
  })

  test('memory is bounded', async () => {
    const store = open(null, { maxCountInMemory: 3 })
    for (let n = 0; n < 10; n += 1) store.put(n === 0 ? sampleIncident({ id: id(0) }) : resolved(n))
    expect(store.list().map((one) => one.id)).toEqual([id(9), id(8), id(0)])
    expect(await store.get(id(9))).toEqual(resolved(9))
    expect(store.kept).toBe('memory')
  })
})
