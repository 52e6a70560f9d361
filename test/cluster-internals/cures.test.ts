import type { Worker } from 'node:cluster'
import { EventEmitter } from 'node:events'
import net from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Cures, examineNet, type NetModule } from '../../src/cluster-internals/cures.ts'
import type { Door } from '../../src/cluster-internals/door.ts'
import { holdTheDoor } from '../../src/cluster-internals/hold-the-door.ts'
import { agentBench } from '../support/agent-bench.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { freePort } from '../support/service.ts'

const allOn = { rescue: 'on', holdTheDoor: 'on', handOff: 'on', appPorts: 'on' }

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const bench = agentBench(path)

  it('all cures work, before the first port and after', async () => {
    bench.cluster.order({ do: 'door' })
    const port = await freePort()
    for (const slot of [0, 1]) {
      const worker = await bench.start(`require('http').createServer().listen(${port})`, { app: 'shop', slot })
      await worker.listening()
      expect((await bench.cluster.count()).cures).toEqual(allOn)
      await worker.end()
    }
  })
})

describe('a Node that lacks something', () => {
  let warnings: string[]
  let cures: Cures
  beforeEach(() => {
    warnings = []
    cures = new Cures((message) => warnings.push(message))
  })

  const examine = (mutilated: Partial<NetModule>) => examineNet(cures, { ...net, ...mutilated } as NetModule)

  it('lacks nothing here', async () => {
    await examine({})
    expect(cures.states).toEqual(allOn)
    expect(warnings).toEqual([])
  })

  it('that keeps accepted connections elsewhere holds no door and hands nothing off, and says so once each', async () => {
    class Server extends net.Server {
      override listen(...args: never[]): this {
        super.listen(...args)
        this.on('listening', () => Object.defineProperty(this, '_handle', { value: { close: () => {} } }))
        return this
      }
    }
    await examine({ Server: Server as typeof net.Server })
    await examine({ Server: Server as typeof net.Server })
    const lack = "keeps a server's accepted connections elsewhere than in _handle.onconnection"
    expect(cures.states).toEqual({ ...allOn, holdTheDoor: `off: this Node ${lack}`, handOff: `off: this Node ${lack}` })
    expect(warnings).toEqual([
      `this Node ${lack}, so a port is refused while none of its workers lives`,
      `this Node ${lack}, so workers can be neither taken out of rotation nor probed one by one, and sticky has no effect`,
    ])
  })

  it('without _listen2 holds no door', async () => {
    class Server extends EventEmitter {
      readonly _handle = { onconnection: () => {} }
      listen(_options: object, listening: () => void): void {
        setImmediate(listening)
      }
      close(): void {}
    }
    await examine({ Server: Server as unknown as typeof net.Server })
    expect(cures.states).toEqual({ ...allOn, holdTheDoor: 'off: this Node has no net.Server._listen2' })
  })

  it('with a net.createServer that can not be wrapped holds no door', async () => {
    await examineNet(cures, Object.freeze({ ...net }))
    expect(cures.states.holdTheDoor).toBe('off: this Node does not let net.createServer be wrapped')
  })

  describe('is supervised as under plain node:cluster', () => {
    let door: Door
    beforeEach(() => {
      door = holdTheDoor({
        isKept: () => true,
        mayHold: () => true,
        isDraining: () => false,
        hasSlot: () => true,
        schedule: 'round-robin',
        cures,
        clock: systemClock,
      })
    })
    afterEach(() => door.close())

    it('where its primary is not heard: nothing is touched, and a probe says why there is none', async () => {
      const send = () => true
      const process = Object.assign(new EventEmitter(), { pid: 7, send, connected: true })
      const worker = { id: 1, process } as unknown as Worker
      door.watch(worker, { app: 'shop', slot: 0, sticky: false, reusePort: false })
      expect(process.send).toBe(send)
      expect(process.listenerCount('internalMessage')).toBe(0)
      const off = 'off: this Node hides what its cluster primary and workers say to each other'
      expect(cures.states).toEqual({ rescue: off, holdTheDoor: off, handOff: off, appPorts: off })
      expect(warnings).toHaveLength(4)
      door.setRotation(worker, false)
      expect(await door.probeConnection(worker, null, 1_000)).toEqual({
        ok: false,
        reason: 'unavailable',
        message: `one worker alone can't be reached (${off})`,
      })
    })

    it('where its answers name no handle', () => {
      const process = Object.assign(new EventEmitter(), { pid: 7, send: () => true, connected: true })
      process.on('internalMessage', function onInternalMessage() {})
      const worker = { id: 1, process } as unknown as Worker
      door.watch(worker, { app: 'shop', slot: 0, sticky: false, reusePort: false })
      process.emit('internalMessage', { cmd: 'NODE_CLUSTER', act: 'queryServer', seq: 3, port: 80, addressType: 4 })
      ;(process.send as (message: object) => boolean)({ cmd: 'NODE_CLUSTER', ack: 3, errno: null })
      expect(cures.states.handOff).toBe('off: this Node gives listening handles no key')
    })

    it('where ports are opened past net.createServer', () => {
      const process = Object.assign(new EventEmitter(), { pid: 7, send: () => true, connected: true })
      process.on('internalMessage', function onInternalMessage() {})
      const worker = { id: 1, process } as unknown as Worker
      door.watch(worker, { app: 'shop', slot: 0, sticky: false, reusePort: false })
      process.emit('internalMessage', { cmd: 'NODE_CLUSTER', act: 'queryServer', seq: 3, port: 80, addressType: 4 })
      ;(process.send as (message: object) => boolean)({ cmd: 'NODE_CLUSTER', ack: 3, errno: null, key: ':80:4:' })
      expect(cures.states).toEqual({ ...allOn, holdTheDoor: 'off: this Node opens ports without net.createServer' })
    })
  })

  it('closed, the door leaves net.createServer as it was', () => {
    const before = net.createServer
    const door = holdTheDoor({
      isKept: () => true,
      mayHold: () => true,
      isDraining: () => false,
      hasSlot: () => true,
      schedule: 'round-robin',
      cures,
      clock: systemClock,
    })
    expect(net.createServer).not.toBe(before)
    door.close()
    expect(net.createServer).toBe(before)
  })
})
