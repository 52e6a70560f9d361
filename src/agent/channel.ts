// The agent's end of the IPC channel: says things to the supervisor without ever harming the app, hears the supervisor, and
// keeps the process alive while an answer is due. What is said and what follows from it is others' business.

import type { Worker } from 'node:cluster'
import { AGENT_COMMAND } from '../protocol/agent-command.ts'
import type { AgentMessage, SupervisorMessage } from '../protocol/worker-messages.ts'
import { replaceListener } from './internals/replace-listener.ts'

type Said<Message> = Message extends AgentMessage ? Omit<Message, 'cmd'> : never

export interface Channel {
  /** false: it could not be sent. Never throws, and no 'error' reaches the app. */
  say(message: Said<AgentMessage>, handle?: object): boolean
  /** Messages are written but not yet taken: a sample more would only queue up behind them. */
  readonly congested: boolean
  /** Keeps the process alive until the returned function is called. */
  hold(): () => void
}

/** The counted references of lib/internal/child_process.js (class Control): 'message' and 'disconnect' listeners, pending writes. */
interface CountedChannel {
  refCounted?(): void
  unrefCounted?(): void
}

export function openChannel(onMessage: (message: SupervisorMessage) => void): Channel {
  // Kept from now on: mocks and APM libraries wrap process.send.
  const send = process.send?.bind(process)
  const counted = process.channel as CountedChannel | undefined
  let unwritten = 0
  listen(onMessage)

  return {
    say(message, handle) {
      if (!process.connected || !send) return false
      unwritten += 1
      const written = () => {
        unwritten -= 1
      }
      try {
        // With a callback a failed write is reported to it, and not as an 'error' event of process.
        send({ cmd: AGENT_COMMAND, ...message }, handle as undefined, undefined, written)
        return true
      } catch {
        written()
        return false
      }
    },
    get congested() {
      return unwritten > 0
    },
    hold() {
      counted?.refCounted?.()
      let held = true
      return () => {
        if (held) counted?.unrefCounted?.()
        held = false
      }
    },
  }
}

/**
 * Takes back the two references that node:cluster itself holds on the channel through its listeners for 'message' (on behalf
 * of cluster.worker) and 'disconnect' (lib/internal/cluster/{worker,child}.js). They keep every worker alive for ever; without
 * them one ends when it has nothing left to do, as under plain node. The app's own listeners count as before.
 * Returns false where Node does not count: then nothing changes.
 */
export function releaseChannel(): boolean {
  const counted = process.channel as CountedChannel | undefined
  if (typeof counted?.refCounted !== 'function' || typeof counted.unrefCounted !== 'function') return false
  for (const event of ['message', 'disconnect']) if (process.listenerCount(event) > 0) counted.unrefCounted()
  return true
}

/** Inside cluster's own listener for internal messages, which ignores ours: one more listener could be counted. */
function listen(onMessage: (message: SupervisorMessage) => void): void {
  const isCluster = (listener: { name: string }) => listener.name === 'onInternalMessage'
  const hear = (message: { cmd?: unknown }) => {
    if (message.cmd === AGENT_COMMAND) onMessage(message as SupervisorMessage)
  }
  const replaced = replaceListener(process, 'internalMessage', isCluster, (original) => {
    return function (this: Worker, ...args: unknown[]) {
      hear(args[0] as { cmd?: unknown })
      return Reflect.apply(original, this, args)
    }
  })
  if (!replaced) process.on('internalMessage', hear)
}
