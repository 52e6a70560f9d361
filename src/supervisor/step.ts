// The whole of the supervisor's deciding: one input in, the next state, commands and events out.
// First the fact is recorded (on-*.ts), then everything that follows from the state alone is decided, always in the same order.
// A worker crashed? on-worker-exit.ts. It comes back: start-workers.ts. When: backoff.ts, crash-window.ts, restart-gate.ts.
// What is known of it meanwhile: state/.

import { assertNever } from '../errors.ts'
import type { ResilEvent } from '../events/events.ts'
import { bringUpWorkers } from './bring-up-workers.ts'
import type { Command } from './commands.ts'
import { enforceDeadlines, grantTime } from './enforce-deadlines.ts'
import type { Input } from './inputs.ts'
import { onDescriptorsCounted } from './on-descriptors-counted.ts'
import { onReloadRequested, onRestartRequested } from './on-reload-requested.ts'
import { forgetRetiredSlots, onScaleRequested, shrink } from './on-scale-requested.ts'
import { onStopRequested } from './on-stop-requested.ts'
import { onWorkerBeat } from './on-worker-beat.ts'
import { onWorkerExamined } from './on-worker-examined.ts'
import { onWorkerExit } from './on-worker-exit.ts'
import { onWorkerSign } from './on-worker-sign.ts'
import { onWorkersSampled } from './on-workers-sampled.ts'
import { heedLiveness } from './probes/liveness.ts'
import { onProbeAnswered } from './probes/on-probe-answered.ts'
import { rotate } from './probes/rotation.ts'
import { markForRecycling } from './recycle.ts'
import { replaceWorkers } from './replace-workers.ts'
import { keepReserve } from './reserve.ts'
import { moveVacantSlots, rollOut } from './roll-out.ts'
import { admitApps, settleApps } from './settle-apps.ts'
import { startWorkers } from './start-workers.ts'
import type { SupervisorState } from './state/supervisor.ts'
import { stopApps } from './stop-apps.ts'
import { beginTurn, type Turn } from './turn.ts'
import { watchHangs } from './watch-hangs.ts'

export interface Step {
  readonly state: SupervisorState
  readonly commands: readonly Command[]
  readonly events: readonly ResilEvent[]
  /** Nothing follows, and nothing is due earlier than before. */
  readonly quiet: boolean
}

/** Far more than any chain of consequences; a bound, so that a mistake here can't hang the supervisor. */
const MOST_PASSES = 100

/** Pure: the same state, input and time give the same step. `now` is monotonic milliseconds. Never throws, whatever comes in. */
export function step(state: SupervisorState, input: Input, now: number): Step {
  const turn = beginTurn(state, now)
  // Each worker sends one a second: to think everything through for each would make most of what a supervisor costs. What time
  // alone has made due is brought up by the tick that nextDeadline asks for.
  if (input.type === 'worker.beat' && !onWorkerBeat(turn, input)) {
    return { state: turn.state, commands: [], events: [], quiet: true }
  }
  record(turn, input)
  // One decision may call for the next: an app that has just become ready lets its dependants start. Until nothing more follows.
  let decided = -1
  for (let pass = 0; decided !== decisionsOf(turn) && pass < MOST_PASSES; pass += 1) {
    decided = decisionsOf(turn)
    decide(turn)
  }
  return { state: turn.state, commands: turn.commands, events: turn.events, quiet: false }
}

function decisionsOf({ events, commands, marks }: Turn): number {
  return events.length + commands.length + marks
}

/** All that follows from the state, whatever happened last. Doing it twice changes nothing. */
function decide(turn: Turn): void {
  admitApps(turn)
  for (const app of turn.state.apps) {
    bringUpWorkers(turn, app)
    rotate(turn, app)
    heedLiveness(turn, app)
    enforceDeadlines(turn, app)
    watchHangs(turn, app)
    markForRecycling(turn, app)
    forgetRetiredSlots(app)
  }
  stopApps(turn)
  for (const app of turn.state.apps) {
    moveVacantSlots(app)
    // Slots without a worker come before surge workers: what is down counts more than what is to be replaced.
    startWorkers(turn, app)
    // In the order of their claim on the disruption budget: a reload, what ails a worker, its age, a smaller scale.
    rollOut(turn, app)
    replaceWorkers(turn, app)
    shrink(turn, app)
    keepReserve(turn, app)
  }
  settleApps(turn)
}

function record(turn: Turn, input: Input): void {
  switch (input.type) {
    case 'tick':
    case 'worker.beat':
      return
    case 'supervisor.overslept':
      return grantTime(turn, input.lateMs)
    case 'worker.exited':
      return onWorkerExit(turn, input)
    case 'worker.examined':
      return onWorkerExamined(turn, input)
    case 'workers.sampled':
      return onWorkersSampled(turn, input)
    case 'workers.descriptorsCounted':
      return onDescriptorsCounted(turn, input)
    case 'probe.answered':
      return onProbeAnswered(turn, input)
    case 'worker.forked':
    case 'worker.held':
    case 'worker.loaded':
    case 'worker.turned':
    case 'worker.listening':
    case 'worker.messagedReady':
    case 'worker.listenFailed':
    case 'worker.cutOff':
      return onWorkerSign(turn, input)
    case 'reload.requested':
      return onReloadRequested(turn, input)
    case 'restart.requested':
      return onRestartRequested(turn, input)
    case 'scale.requested':
      return onScaleRequested(turn, input)
    case 'stop.requested':
      return onStopRequested(turn, input)
    default:
      assertNever(input)
  }
}
