// Signs of life from a worker: forked, loaded, listening, ready message, listen failed, and its last, that it was cut off.
// They only record facts; whether these make it ready is decided in one place, bring-up-workers.ts.

import { assertNever } from '../errors.ts'
import type { WorkerInput } from './inputs.ts'
import { refuseStandby, stand } from './reserve.ts'
import { refOf } from './state/worker.ts'
import { findWorker, type Turn, updateWorker } from './turn.ts'

type Sign = Exclude<
  WorkerInput,
  {
    type:
      | 'worker.exited'
      | 'worker.beat'
      | 'workers.sampled'
      | 'workers.descriptorsCounted'
      | 'worker.examined'
      | 'probe.answered'
  }
>

export function onWorkerSign(turn: Turn, input: Sign): void {
  const place = findWorker(turn, input.worker)
  if (place === undefined) return
  const { app, slot, worker, role } = place
  switch (input.type) {
    case 'worker.forked': {
      const forked = updateWorker(slot, { ...worker, pid: input.pid })
      turn.emit({ type: 'worker.forked', worker: refOf(forked), trial: worker.trialOf.length > 0 })
      return
    }
    case 'worker.listening': {
      const endpoint = input.port !== null && input.port > 0 ? String(input.port) : input.address
      if (endpoint === null || worker.endpoints.includes(endpoint)) return
      if (role === 'standby') refuseStandby(turn, app, 'listens-alone')
      const ephemeral = input.ephemeral ? [...worker.ephemeral, endpoint] : worker.ephemeral
      updateWorker(slot, { ...worker, endpoints: [...worker.endpoints, endpoint], ephemeral })
      turn.emit({ type: 'worker.listening', worker: refOf(worker), port: input.port, address: input.address })
      return
    }
    case 'worker.held':
      if (role === 'standby') stand(turn, slot, worker)
      return
    case 'worker.loaded':
      updateWorker(slot, { ...worker, loadedAt: turn.now })
      return
    case 'worker.turned':
      // Heard of, as by a beat: from here on silence is no long start.
      updateWorker(slot, { ...worker, vitals: { ...worker.vitals, beatAt: turn.now } })
      return
    case 'worker.messagedReady':
      app.usesReadyMessage = true
      updateWorker(slot, { ...worker, messagedReady: true })
      return
    case 'worker.listenFailed': {
      const { code, port, address, owner } = input
      updateWorker(slot, { ...worker, listenFailure: { code, port } })
      turn.emit({ type: 'worker.listenFailed', worker: refOf(worker), code, port, address, owner })
      return
    }
    case 'worker.cutOff':
      turn.emit({ type: 'worker.cutOff', worker: refOf(worker), connections: input.connections })
      return
    default:
      assertNever(input)
  }
}
