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
  until: number,
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
      if (until !== Number.POSITIVE_INFINITY) {
        const timer = clock.setTimeout(() => {
          controller.abort(late())
          // A body that nobody reads never ends: let go of the caller's signal now.
          end()
        }, until - clock.now())
        // The socket keeps the process alive while somebody reads; an unread body is no reason to stay.
        timer.unref?.()
        stops.push(() => timer.cancel())
      }
      return withBody(response, ending(response.body, controller.signal, end))
    },
  }
}

/** Tells when it has ended, and ends with the signal, whether or not the fetch that it came from heeds that. */
function ending(body: ReadableStream<Uint8Array>, signal: AbortSignal, end: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream(
    {
      start: (controller) => {
        const stop = (): void => {
          end()
          controller.error(signal.reason)
          reader.cancel(signal.reason).catch(() => {})
        }
        if (signal.aborted) stop()
        // One signal for each request: they go together.
        else signal.addEventListener('abort', stop, { once: true })
      },
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

/** A new Response forgets where it came from, and refuses a status or a text that only a server may send (999, "Déjà vu"). */
function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  return dressed(new Response(body, { headers: response.headers }), response)
}

function dressed(copy: Response, like: Response): Response {
  const { status, statusText, ok, url, redirected, type } = like
  return Object.defineProperties(copy, {
    status: { value: status },
    statusText: { value: statusText },
    ok: { value: ok },
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
    clone: { value: () => dressed(Response.prototype.clone.call(copy), copy) },
  })
}
