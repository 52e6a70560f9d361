// Keeps a response's body under the deadline of its call: fetch resolves at the headers, and a body may then trickle for ever.

import type { Clock } from '../../clock.ts'
import { offAbort, onAbort } from '../pipeline/on-abort.ts'

export interface BodyGuard {
  /** For the request: aborted by the attempt, the caller, and the deadline until the body has ended. */
  readonly signal: AbortSignal
  /** The response with a body that tells when it has ended. */
  guard(response: Response): Response
  /** There is no response. */
  end(): void
}

export function bodyGuard(
  clock: Clock,
  remainingMs: number,
  attempt: AbortSignal,
  caller: AbortSignal | undefined,
  late: () => unknown,
): BodyGuard {
  const controller = new AbortController()
  const stops: (() => void)[] = []
  const follow = (signal: AbortSignal): void => {
    const abort = (): void => controller.abort(signal.reason)
    if (signal.aborted) return abort()
    onAbort(signal, abort)
    stops.push(() => offAbort(signal, abort))
  }
  const end = (): void => {
    for (const stop of stops.splice(0)) stop()
  }
  follow(attempt)
  if (caller !== undefined) follow(caller)
  return {
    signal: controller.signal,
    end,
    guard: (response) => {
      // Nothing to read; or a body of another kind than fetch's (node-fetch), which can't be watched.
      if (typeof response.body?.getReader !== 'function') {
        end()
        return response
      }
      if (remainingMs !== Number.POSITIVE_INFINITY) {
        const timer = clock.setTimeout(() => {
          controller.abort(late())
          // A body that nobody reads never ends: let go of the caller's signal now.
          end()
        }, remainingMs)
        // The socket keeps the process alive while somebody reads; an unread body is no reason to stay.
        timer.unref?.()
        stops.push(() => timer.cancel())
      }
      return withBody(response, ending(response.body, end))
    },
  }
}

function ending(body: ReadableStream<Uint8Array>, end: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          end()
          controller.close()
        } catch (error) {
          end()
          controller.error(error)
        }
      },
      cancel: (reason) => {
        end()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** A new Response forgets where it came from. */
function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers, url, redirected, type } = response
  const copy = new Response(body, { status, statusText, headers })
  return Object.defineProperties(copy, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  })
}
