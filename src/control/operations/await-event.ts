// Waits for the event that answers a request. Listens before it asks: the answer may come within the call.

import { ResilError } from '../../errors.ts'
import type { PublishedEvent } from '../../events/events.ts'
import type { ControlPort } from '../port.ts'

/**
 * `look` returns undefined for events that don't answer; what it throws rejects. Nothing is left behind however it ends.
 */
export function awaitEvent<Answer>(
  { port, signal }: { readonly port: ControlPort; readonly signal?: AbortSignal },
  look: (event: PublishedEvent) => Answer | undefined,
  ask: () => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      subscription.close()
      signal?.removeEventListener('abort', onAbort)
      finish()
    }
    const onAbort = (): void => settle(() => reject(signal?.reason))
    const subscription = port.events.subscribe((event) => {
      try {
        const answer = look(event)
        if (answer !== undefined) settle(() => resolve(answer))
        else if (event.type === 'supervisor.stopped') settle(() => reject(stoppedFirst()))
      } catch (error) {
        settle(() => reject(error))
      }
    })
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      ask()
    } catch (error) {
      settle(() => reject(error))
    }
  })
}

function stoppedFirst(): ResilError {
  return new ResilError('RESIL_NO_SUPERVISOR', 'the supervisor stopped before it was done')
}
