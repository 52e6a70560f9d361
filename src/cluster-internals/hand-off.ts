// Gives a connection to one worker of our choice, in the words in which Node's round robin does it: the worker can't tell the
// difference. Which worker, and what becomes of a connection that it did not take, others decide.
//
// Node: lib/internal/cluster/round_robin_handle.js (handoff), child.js (onconnection: finds its server by `key`, answers with the
// question's `seq`; so under every schedule). Node counts seq up from 0; below that is ours, and Node ignores answers to it.

import type { Worker } from 'node:cluster'
import type { NativeHandle } from './cluster-message.ts'
import { type Outcome, tellOutcome } from './rescue.ts'

let lastSeq = 0

/**
 * `key` is what Node calls the listening handle that the worker serves. false: the worker can't be told anything any more.
 * The worker's channel must be tapped by rescueConnections, which tells the outcome.
 */
export function handOff(
  worker: Worker,
  key: string,
  connection: NativeHandle,
  ended: (outcome: Outcome) => void,
): boolean {
  if (!worker.process.connected) return false
  lastSeq -= 1
  tellOutcome(connection, ended)
  // The callback takes the error of a closing channel; the connection then comes back as lost.
  worker.process.send({ cmd: 'NODE_CLUSTER', act: 'newconn', key, seq: lastSeq }, connection as never, () => {})
  return true
}
