// The supervisor's half of bye and pong. A worker says `bye` when it has closed its servers and is about to end; the answer
// goes the same way as the connections that the primary handed to it before, and Node keeps their order (each handle waits for
// its acknowledgement, lib/internal/child_process.js, _handleQueue). So once the worker reads `pong`, no connection is on its
// way to it any more: those that were, it has refused, and the primary has given them to other workers.

import type { Worker } from 'node:cluster'
import { AGENT_COMMAND } from '../protocol/agent-command.ts'
import type { SupervisorMessage } from '../protocol/worker-messages.ts'

/** At fork. Answers every bye of the worker; nothing else of what it says is looked at. */
export function answerGoodbyes(worker: Worker): void {
  const pong: SupervisorMessage = { cmd: AGENT_COMMAND, act: 'pong' }
  worker.process.on('internalMessage' as 'message', (message) => {
    const { cmd, act } = message as { cmd?: unknown; act?: unknown }
    if (cmd !== AGENT_COMMAND || act !== 'bye') return
    // A worker that is gone already needs no answer; with a callback a failed write is no 'error' event.
    if (worker.isConnected()) worker.process.send(pong, undefined, undefined, () => {})
  })
}
