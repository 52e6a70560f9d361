// Questions to the agent inside a worker, and its answers. A worker whose loop does not turn answers when it does again;
// whoever asks brings the signal that ends the waiting.

import type { AgentQuestion, Diagnosis } from '../../protocol/worker-messages.ts'

export interface AgentTalk {
  readonly connected: boolean
  /** Rejects on abort, and where the worker can't be asked (any more). */
  ask<Kind extends AgentQuestion['kind']>(
    question: Extract<AgentQuestion, { kind: Kind }>,
    signal: AbortSignal,
  ): Promise<Extract<Diagnosis, { kind: Kind | 'failed' }>>
}

export interface AgentTalkEnd extends AgentTalk {
  answered(id: number, diagnosis: Diagnosis): void
  /** The worker has ended. */
  close(): void
}

interface Pending {
  readonly resolve: (diagnosis: Diagnosis) => void
  readonly reject: (reason: unknown) => void
}

export function createAgentTalk(channel: {
  readonly connected: () => boolean
  /** false: it can't be told any more. */
  readonly send: (id: number, question: AgentQuestion) => boolean
}): AgentTalkEnd {
  const pending = new Map<number, Pending>()
  let lastId = 0

  function ask(question: AgentQuestion, signal: AbortSignal): Promise<Diagnosis> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      lastId += 1
      const id = lastId
      const settle = (finish: () => void): void => {
        pending.delete(id)
        signal.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = (): void => settle(() => reject(signal.reason))
      signal.addEventListener('abort', onAbort, { once: true })
      pending.set(id, {
        resolve: (diagnosis) => settle(() => resolve(diagnosis)),
        reject: (reason) => settle(() => reject(reason)),
      })
      if (!channel.send(id, question)) pending.get(id)?.reject(new Error('the worker has closed its channel'))
    })
  }

  return {
    get connected() {
      return channel.connected()
    },
    ask: ask as AgentTalk['ask'],
    answered: (id, diagnosis) => pending.get(id)?.resolve(diagnosis),
    close() {
      for (const { reject } of [...pending.values()]) reject(new Error('the worker has ended'))
    },
  }
}
