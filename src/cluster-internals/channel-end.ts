// Makes Node see the end of a worker's channel when it comes. If a handle is on its way then, Node notes that the channel is gone
// and waits with 'disconnect' for an answer that can't come any more; until the exit is known, a few milliseconds later, the dead
// worker counts as free on its other ports, and a connection that is given to it there is lost: not sent, not kept, not closed.
//
// Node: lib/internal/child_process.js (at the end of the channel onread calls disconnect(), looked up on the process, which does
// not call _disconnect() while there is a _handleQueue; otherwise 'disconnect' comes in the next tick), lib/internal/cluster/
// primary.js (takes a worker off its ports at 'disconnect'), utils.js (sendHelper sends nothing where `connected` is false).

import type { Worker } from 'node:cluster'
import { nextTick } from 'node:process'

export function seeChannelEnd({ process }: Worker): void {
  const { disconnect } = process
  let told = false
  process.once('disconnect', () => {
    told = true
  })
  process.disconnect = function disconnectAtOnce(this: typeof process) {
    disconnect.call(this)
    // After Node's own, and after what the worker had still said.
    nextTick(() => {
      if (!told) this.emit('disconnect')
    })
  }
}
