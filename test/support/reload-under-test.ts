// An app of one worker under the built CLI, and a reload of it that a test can stop to look at: the moment when the old worker
// has begun to drain, and the moment when it is gone.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { tempDir } from './cli.ts'
import { type Service, startService } from './service.ts'

/** Says on stdout that the drain has begun, which an app can do with resil/worker; here without an import. */
export const announce = `globalThis[Symbol.for('resil.agent')].onDrain(() => console.log('draining ' + process.pid));`

export interface ReloadOptions {
  readonly node: string
  readonly deadline?: string
  readonly idleWait?: string
  /** Of the entry; its ending decides what it is. */
  readonly name?: string
}

export interface ReloadUnderTest {
  readonly service: Service
  readonly port: number
  /** The worker that the first reload replaces. */
  readonly pid: number
  /** Orders the reload; resolves when the new worker is ready and the old one has been told to drain. */
  order(): Promise<void>
  /** The same, and the old one has begun. */
  drain(): Promise<void>
  /**
   * When the old worker has gone, in order, and the reload has succeeded. Stops the service. `atDeadline`: the agent's own deadline
   * is half a second before that of the supervisor, which a busy machine may not leave it.
   */
  finish(options?: { readonly atDeadline: boolean }): Promise<void>
}

/** `source` is CommonJS, or an entry of the repository by its path. */
export async function startReloadable(source: string, options: ReloadOptions): Promise<ReloadUnderTest> {
  const { node, deadline = '20s', idleWait = '2s', name = 'app.cjs' } = options
  const isPath = source.startsWith('/')
  const cwd = tempDir(isPath ? {} : { [name]: source })
  const config = {
    name: 'app',
    script: isPath ? source : join(cwd, name),
    instances: 1,
    ready: { minReady: 0 },
    shutdown: { deadline, idleWait },
  }
  const service = await startService(null, {
    node,
    cwd: tempDir({ 'resilience.config.json': JSON.stringify(config) }),
  })
  const { worker } = await service.event('worker.ready')
  const pid = Number(worker.pid)
  let reloaded: ReturnType<Service['resil']> | null = null
  const order = async () => {
    reloaded = service.resil(['reload'])
    await service.event('worker.draining', (event) => event.worker.pid === pid)
  }
  return {
    service,
    port: service.port,
    pid,
    order,
    drain: async () => {
      await order()
      await service.waitForLine(`draining ${pid}`)
    },
    finish: async ({ atDeadline } = { atDeadline: false }) => {
      const { exit } = await service.event('worker.exited', (event) => event.worker.pid === pid)
      expect(exit).toMatchObject({ kind: 'planned' })
      expect(await reloaded).toMatchObject({ code: 0 })
      if (!atDeadline) {
        expect(exit).toMatchObject({ code: 0, signal: null })
        expect(service.events('worker.signalled')).toEqual([])
      }
      expect(await service.stop()).toEqual({ code: 0, signal: null })
      await rm(cwd, { recursive: true, force: true })
    },
  }
}
