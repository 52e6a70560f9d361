// Stop: a slot, an app, or the whole supervisor. The core decides and carries out; here it is asked and awaited.

import type { ResultOf } from '../../protocol/control.ts'
import type { AppStatus } from '../../protocol/status.ts'
import type { Call } from '../operations.ts'
import type { ControlPort } from '../port.ts'
import { awaitEvent } from './await-event.ts'
import { findTarget, type SlotTarget } from './target.ts'

const CAUSE = 'resil stop'

export async function stop(call: Call<'stop'>): Promise<ResultOf<'stop'>> {
  const { port, params } = call
  const target = params.target === undefined ? null : targetOf(port, params.target)
  if (target === null || (target.slot === null && port.appNames().length === 1)) return stopAll(call)
  return target.slot === null ? stopApp(call, target.app) : stopSlot(call, target.app, target.slot)
}

/** null: the supervisor itself, by its name. An app of the same name wins. */
function targetOf(port: ControlPort, target: string): SlotTarget | null {
  return target === port.name && !port.appNames().includes(target) ? null : findTarget(port, target)
}

/** Answered once it has begun; that it is over is told by the end of the connection. */
async function stopAll(call: Call<'stop'>): Promise<ResultOf<'stop'>> {
  const { port, params, sink } = call
  const force = params.force ?? false
  const result = { stopped: port.appNames(), supervisor: true }
  // The core says nothing a second time, unless the second one forces.
  if (port.status().supervisor.state === 'stopping' && !force) return result
  return awaitEvent(
    call,
    (event) => {
      if (event.type !== 'supervisor.stopping') return undefined
      sink.emit(event)
      return result
    },
    () => port.submit({ type: 'stop.requested', app: null, slot: null, cause: CAUSE, force }),
  )
}

async function stopApp(call: Call<'stop'>, app: string): Promise<ResultOf<'stop'>> {
  const { port, params } = call
  const state = statusOf(port, app)?.state
  const result = { stopped: [app], supervisor: false }
  if (state === 'stopped' || state === 'failed' || state === 'ended') return result
  return awaitEvent(
    call,
    (event) => (event.type === 'app.stopped' && event.app === app ? result : undefined),
    () => port.submit({ type: 'stop.requested', app, slot: null, cause: CAUSE, force: params.force ?? false }),
  )
}

async function stopSlot(call: Call<'stop'>, app: string, slot: number): Promise<ResultOf<'stop'>> {
  const { port, params } = call
  const result = { stopped: [`${app}:${slot}`], supervisor: false }
  const living = new Set<number>()
  for (const worker of statusOf(port, app)?.workers ?? []) {
    if (worker.slot === slot && worker.id !== null) living.add(worker.id)
  }
  const request = { type: 'stop.requested', app, slot, cause: CAUSE, force: params.force ?? false } as const
  if (living.size === 0) {
    port.submit(request)
    return result
  }
  return awaitEvent(
    call,
    (event) => {
      if (event.type !== 'worker.exited') return undefined
      living.delete(event.worker.id)
      return living.size === 0 ? result : undefined
    },
    () => port.submit(request),
  )
}

function statusOf(port: ControlPort, app: string): AppStatus | undefined {
  return port.status().apps.find(({ name }) => name === app)
}
