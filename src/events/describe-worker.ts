// What is said about one worker: its start, its readiness, its end and what its slot does then.

import { assertNever } from '../errors.ts'
import type { EndCause, ReplaceCause } from './causes.ts'
import { exitCure, exitWords } from './describe-exit.ts'
import type { WorkerEvent } from './family/worker.ts'
import { count, duration, ordinal, slotName, workerName } from './words.ts'

export function describeWorker(event: WorkerEvent): string {
  const who = workerName(event.worker)
  switch (event.type) {
    case 'worker.forked':
      return `${who} was started${event.trial ? ' as a trial' : ''}`
    case 'worker.listening':
      return `${who} listens on ${placeOf(event)}`
    case 'worker.ready':
      return `${who} is ready after ${duration(event.bootMs)}${readyBy(event.by)}`
    case 'worker.listenFailed':
      return `${event.worker.app}: ${listenFailure(event)}`
    case 'worker.draining':
      return `${who} takes nothing new and has ${duration(event.deadlineMs)} to finish (${event.cause})`
    case 'worker.signalled':
      return `${who} was sent ${event.signal}: ${signalReason(event.reason)}`
    case 'worker.cutOff':
      return `${who} cut off ${count(event.connections, 'connection')} with something in hand: shutdown.deadline was over`
    case 'worker.exited':
      return describeExit(event)
    case 'worker.standing':
      return `${who} stands by, booted in ${duration(event.bootMs)}`
    case 'worker.promoted':
      return `${who} was standing by and takes the place of the last worker`
    case 'worker.rotated':
      return event.inRotation
        ? `${who} gets new connections again (${event.detail})`
        : `${who} fails its readiness probe (${event.detail}): it gets no new connections until it passes, and keeps those that it has`
    case 'worker.suspected':
      return `${who} has not been heard of for ${duration(event.silentMs)}: its event loop may not turn, and it gets no new connections`
    case 'worker.recovered':
      return `${who} is heard of again, after ${duration(event.silentMs)}`
    case 'worker.replacing':
      return `${who} ${replaceReason(event.cause)}: a new worker boots beside it`
    case 'worker.replaced':
      return `${who} ${replaceReason(event.cause)}: ${workerName(event.by)} has taken its place after ${duration(event.bootMs)}, and it drains`
    case 'worker.replacementFailed':
      return `${who} could not be replaced: the new worker ${exitWords(event.exit)}; this one serves on, next attempt in ${duration(event.retryInMs)}`
    default:
      return assertNever(event)
  }
}

type Listening = Pick<Extract<WorkerEvent, { type: 'worker.listening' }>, 'port' | 'address'>

function placeOf({ port, address }: Listening): string {
  if (port === null) return address ?? 'an unnamed socket'
  if (address === null) return `port ${port}`
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function readyBy(by: Extract<WorkerEvent, { type: 'worker.ready' }>['by']): string {
  switch (by) {
    case 'listening':
      return ''
    case 'message':
      return ' (it said so)'
    case 'started':
      return ' (loaded and alive)'
    case 'probe':
      return ' (its startup probe passes)'
    default:
      return assertNever(by)
  }
}

function listenFailure(event: Extract<WorkerEvent, { type: 'worker.listenFailed' }>): string {
  const { code, port, address, owner } = event
  const place = port === null ? `socket ${address ?? '(unnamed)'}` : `port ${port}`
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is already in use by ${owner ?? 'another process'}: stop it, or change the ${port === null ? 'path' : 'port'}`
    case 'EACCES':
      return port !== null && port < 1024
        ? `${place} is not permitted: listen on 1024 or above, or grant CAP_NET_BIND_SERVICE`
        : `${place} is not permitted: change it, or the permissions`
    case 'EADDRNOTAVAIL':
      return `${address ?? 'the address'} is no address of this machine: listen on one that is, or on 0.0.0.0`
    default:
      return `listening on ${place} failed (${code})`
  }
}

function signalReason(reason: Extract<WorkerEvent, { type: 'worker.signalled' }>['reason']): string {
  switch (reason) {
    case 'boot-timeout':
      return 'it was not ready in time'
    case 'startup-probe':
      return 'its startup probe fails'
    case 'drain-deadline':
      return 'it had not finished by its deadline'
    case 'unresponsive':
      return 'it did not respond'
    case 'forced':
      return 'the stop is forced'
    case 'stop':
    case 'reload':
    case 'restart':
    case 'scale':
    case 'rollback':
    case 'age':
    case 'requests':
      return `${reason}, and it was not ready yet`
    case 'memory':
    case 'descriptors':
    case 'liveness':
    case 'lag':
    case 'cpu':
    case 'hang':
      return `it ${replaceReason(reason)}`
    default:
      return assertNever(reason)
  }
}

function replaceReason(cause: ReplaceCause | EndCause): string {
  switch (cause) {
    case 'memory':
      return 'is over its memory limit'
    case 'descriptors':
      return 'runs out of file descriptors'
    case 'lag':
      return 'has an event loop that lags'
    case 'cpu':
      return 'uses too much CPU'
    case 'age':
      return 'has reached recycle.maxAge'
    case 'requests':
      return 'has answered recycle.maxRequests'
    case 'liveness':
      return 'fails its liveness probe'
    case 'hang':
      return 'does not respond'
    default:
      return assertNever(cause)
  }
}

function describeExit({ worker, exit, after, crashes }: Extract<WorkerEvent, { type: 'worker.exited' }>): string {
  const clauses = [`${workerName(worker)} ${exitWords(exit)}`]
  const nth = crashes > 0 ? ` (${ordinal(crashes)} crash)` : ''
  let cure = exit.kind === 'planned' ? '' : exitCure(exit)
  switch (after.do) {
    case 'restart':
      clauses.push(`restarting ${after.delayMs === 0 ? 'at once' : `in ${duration(after.delayMs)}`}${nth}`)
      break
    case 'wait-for-gate':
      clauses.push(`restarts are held${nth}`)
      break
    case 'park':
      clauses.push(`it is not started again until "resil restart ${slotName(worker.app, worker.slot)}"`)
      if (exit.kind === 'clean') cure = ''
      break
    case 'nothing':
      if (exit.kind === 'clean') cure = ''
      break
    default:
      return assertNever(after)
  }
  return cure === '' ? clauses.join('; ') : `${clauses.join('; ')}: ${cure}`
}
