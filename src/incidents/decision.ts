// What resil did about a failure, and which of its laws made it do so: read off the event that tells it.

import { alibiWords } from '../events/alibi-words.ts'
import type { PublishedEvent } from '../events/events.ts'
import { count, duration, slotName } from '../events/words.ts'
import type { Decision } from './incident.ts'

/** null: the event decides nothing. */
export function decisionOf(event: PublishedEvent): Decision | null {
  switch (event.type) {
    case 'worker.exited':
      return afterExit(event)
    case 'gate.opened':
      return {
        did: Number.isFinite(event.retryInMs)
          ? `holds restarts of ${slotName(event.app, event.slot)}, and tries one worker in ${duration(event.retryInMs)}`
          : `holds restarts of ${slotName(event.app, event.slot)} until somebody restarts it`,
        why: GATE_CAUSES[event.cause],
      }
    case 'gate.closed':
      return {
        did: `restarts ${slotName(event.app, event.slot)} as usual again`,
        why: 'the trial worker stayed up for restart.stableAfter',
      }
    case 'app.failed':
      return { did: `gave ${event.app} up`, why: GIVEN_UP[event.reason] }
    case 'reload.rolledBack':
      return {
        did: `went back to the old release, which serves on (${count(event.kept, 'worker')} kept)`,
        why: 'the first worker of the new release that fails before it is ready ends a reload',
      }
    case 'reload.halted':
      return {
        did: `stopped the reload and left both releases as they are (${count(event.replaced, 'worker')} of the new one)`,
        why: 'the first failure ends a reload, and reload.rollback is false',
      }
    case 'worker.signalled':
      return event.reason === 'drain-deadline'
        ? {
            did: `sent ${event.signal}, and SIGKILL where that did not end it`,
            why: 'shutdown.deadline, less shutdown.killAfter, was over',
          }
        : null
    case 'worker.cutOff':
      return {
        did: 'let it cut off what it had in hand, and end in order',
        why: 'shutdown.deadline covers all of a stop: Docker or Kubernetes would have ended everything a little later',
      }
    case 'watchdog.tripped':
      if (event.spared !== undefined) return { did: 'leaves it alone, and looks again', why: alibiWords(event.spared) }
      if (event.watchdog === 'descriptors' && event.action === 'report')
        return {
          did: ACTIONS.report,
          why: 'a new worker would soon have as many, or watchdogs.descriptors.action says so',
        }
      if (event.watchdog === 'probe' && event.action === 'report')
        return {
          did: 'does not end it, and gives it no new connections until it passes, unless more than half fail together',
          why: 'a readiness probe says that it can not serve now, and not that it is beyond help',
        }
      return { did: ACTIONS[event.action], why: `the ${event.watchdog} watchdog's action is "${event.action}"` }
    case 'breaker.opened':
      return {
        did: 'restarts no worker, and lets the breaker try a call from time to time until enough of them succeed',
        why: 'a restart mends no dependency, and new workers would only try it harder',
      }
    case 'chaos.injecting':
      return {
        did: 'lets it, and treats what follows as any other failure',
        why: 'chaos.allowed is true for this app',
      }
    case 'supervisor.shortOfDescriptors':
      return {
        did: 'goes on: what waits keeps its connection, and a fork that fails is tried again with backoff',
        why: 'a limit of the process can be raised only from outside',
      }
    case 'supervisor.overslept':
      return {
        did: 'blames no worker for that time',
        why: 'boots, drains and heartbeats could not be seen meanwhile, so they get that time on top',
      }
    case 'output.dropped':
    case 'log.rotationFailed':
      return {
        did: 'drops the lines that can not be written, counts them, and serves on',
        why: 'a full disk must not stop a service',
      }
    default:
      return null
  }
}

const GATE_CAUSES = {
  'crash-window': 'it crashed more than restart.window.maxRestarts times within restart.window.within',
  'storm-budget': 'the crashes of all its workers are over the budget of restart.storm',
  'trial-failed': 'its trial worker crashed too',
} as const

const GIVEN_UP = {
  'never-ready': 'every slot failed three boots, and none of its workers has ever been ready',
  exhausted: 'its restart gates kept every worker down for too long (restart.onExhausted)',
  dependency: 'an app that it depends on failed or was stopped',
} as const

const ACTIONS = {
  replace: 'replaces it: a new worker first, then this one drains',
  kill: 'kills it, and starts another',
  report: 'leaves it alone, and tells',
} as const

function afterExit({
  worker,
  exit,
  after,
  crashes,
}: Extract<PublishedEvent, { type: 'worker.exited' }>): Decision | null {
  if (exit.kind === 'planned') return null
  const slot = slotName(worker.app, worker.slot)
  switch (after.do) {
    case 'restart':
      return after.delayMs === 0
        ? { did: `started ${slot} again at once`, why: 'a first crash is restarted without a wait' }
        : {
            did: `starts ${slot} again after ${duration(after.delayMs)}`,
            why: `it crashed ${count(crashes, 'time')} within restart.window, and each wait is longer (restart.backoff)`,
          }
    case 'wait-for-gate':
      return { did: `holds restarts of ${slot}`, why: 'its restart gate is open (restart.window, restart.storm)' }
    case 'park':
      return { did: `leaves ${slot} stopped`, why: 'restart.policy, or restart.stopExitCodes, says so' }
    case 'nothing':
      // It was on its way in or out: whatever ended it has said what is done.
      return null
  }
}
