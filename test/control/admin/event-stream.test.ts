// /events: what a client gets that comes, comes back, or reads too slowly.

import { describe, expect, it } from 'vitest'
import { ask, type EventReader, readEvents, serveAdmin } from '../../support/admin.ts'
import { fakePort } from '../../support/fake-port.ts'

const warn = (message: string) => ({ type: 'supervisor.warned', message }) as const

async function messages(reader: EventReader, count: number): Promise<unknown[]> {
  const all: unknown[] = []
  while (all.length < count) all.push((await reader.next()).data.message)
  return all
}

describe('a client', () => {
  it('that comes gets what happens from then on, numbered', async () => {
    const { port, number } = await serveAdmin()
    port.publish(warn('before'))
    const reader = await readEvents(number)
    port.publish(warn('one'))
    port.publish(warn('two'))
    const [one, two] = [await reader.next(), await reader.next()]
    expect([one.type, one.data.message, two.data.message]).toEqual(['supervisor.warned', 'one', 'two'])
    expect(one.id).toMatch(/^[a-z0-9]+-2$/)
    expect(two.id).toMatch(/^[a-z0-9]+-3$/)
    reader.leave()
  })

  it('that comes back gets what it missed, and nothing twice', async () => {
    const { port, number } = await serveAdmin()
    const first = await readEvents(number)
    for (const message of ['a', 'b', 'c']) port.publish(warn(message))
    await first.next()
    const { id } = await first.next()
    first.leave()
    port.publish(warn('d'))
    const again = await readEvents(number, id ?? '')
    port.publish(warn('e'))
    expect(await messages(again, 3)).toEqual(['c', 'd', 'e'])
    again.leave()
  })

  it.each([
    ['names an event of another supervisor', 'xyz-2'],
    ['asks from the beginning', '0'],
    ['talks nonsense', '../../etc/passwd'],
  ])('that %s gets all that is remembered', async (_what, lastId) => {
    const { port, number } = await serveAdmin()
    for (const message of ['a', 'b']) port.publish(warn(message))
    const reader = await readEvents(number, lastId)
    expect(await messages(reader, 2)).toEqual(['a', 'b'])
    reader.leave()
  })

  it('is told how many it has missed for good', async () => {
    const { port, number } = await serveAdmin()
    for (let n = 1; n <= 130; n += 1) port.publish(warn(String(n)))
    // The fake remembers 100.
    const reader = await readEvents(number, '0')
    expect(await reader.next()).toMatchObject({ id: null, type: 'missed', data: { events: 30 } })
    expect((await reader.next()).data.message).toBe('31')
    reader.leave()
  })

  it('gets no stack', async () => {
    const { port, number } = await serveAdmin()
    const reader = await readEvents(number)
    port.publish({ type: 'supervisor.faulted', message: 'oops', stack: 'Error: oops\n    at secret.js:1' })
    expect(await reader.next()).toMatchObject({ data: { message: 'oops', stack: null } })
    reader.leave()
  })

  it('that reads slowly holds nobody up, costs a bounded buffer, and learns what it missed', async () => {
    const { port, number } = await serveAdmin()
    const slow = await readEvents(number)
    const quick = await readEvents(number)
    slow.pause(true)
    const all = 3_000
    const received: unknown[] = []
    // 60 MB in all.
    const words = 'x'.repeat(20_000)
    const reading = (async () => {
      while (received.length < all) received.push((await quick.next()).data.message)
    })()
    for (let n = 0; n < all; n += 1) {
      port.publish(warn(`${n} ${words}`))
      if (n % 10 === 9) await expect.poll(() => received.length, { interval: 1 }).toBe(n + 1)
    }
    await reading
    slow.pause(false)
    port.publish(warn('last'))
    let events = 0
    let missed = 0
    for (let message: unknown = null; message !== 'last'; ) {
      const { type, data } = await slow.next()
      if (type === 'missed') missed += Number(data.events)
      else events += 1
      message = data.message
    }
    expect(events + missed).toBe(all + 1)
    // What was kept for it, in the kernel's buffers for the most part.
    expect(events).toBeLessThan(all / 2)
    expect((await ask(number, '/metrics')).body).toContain(`resil_admin_events_dropped_total ${missed}\n`)
    slow.leave()
    quick.leave()
  })

  it('that leaves is not kept', async () => {
    const { port, number } = await serveAdmin()
    const reader = await readEvents(number)
    await expect.poll(port.listeners).toBe(1)
    reader.leave()
    await expect.poll(port.listeners).toBe(0)
  })

  it('too many is refused, and probes are still answered', async () => {
    const { number } = await serveAdmin()
    const readers = await Promise.all(Array.from({ length: 16 }, () => readEvents(number)))
    expect((await ask(number, '/events')).status).toBe(503)
    expect((await ask(number, '/livez')).status).toBe(200)
    for (const reader of readers) reader.leave()
  })

  it('gets the last event before its stream ends with the supervisor', async () => {
    const admin = await serveAdmin(fakePort())
    const reader = await readEvents(admin.number)
    admin.port.publish({ type: 'supervisor.stopped', exitCode: 0, cause: 'test' })
    const closing = admin.close()
    expect((await reader.next()).type).toBe('supervisor.stopped')
    await reader.ended
    await closing
  })
})
