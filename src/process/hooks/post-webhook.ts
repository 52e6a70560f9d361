// Posts a hook's JSON to a URL, again where that may help. The library's own retry and timeouts; redirects are not followed, since
// whoever can redirect could choose who gets to know.

import type { IncomingMessage, RequestOptions } from 'node:http'
import { messageOf } from '../../errors.ts'
import { pipeline } from '../../patterns/pipeline/compose.ts'
import { exponentialBackoff } from '../../patterns/retry/backoff.ts'
import { retry } from '../../patterns/retry/retry.ts'
import { timeout } from '../../patterns/timeout/timeout.ts'
import { VERSION } from '../../version.ts'

const MOST_ATTEMPTS = 5
const ATTEMPT_MS = 5_000
const ALL_MS = 30_000
const FIRST_WAIT_MS = 500
/** Come and gone with time; any other status is the receiver's last word. */
const PASSING = new Set([408, 425, 429])

const delivery = pipeline(
  'webhook',
  timeout(ALL_MS),
  retry<number>({
    maxAttempts: MOST_ATTEMPTS,
    backoff: exponentialBackoff({ initialMs: FIRST_WAIT_MS, jitter: 'equal' }),
    attemptTimeoutMs: ATTEMPT_MS,
    classify: (outcome) => {
      if (!outcome.ok) return 'failure'
      if (outcome.value >= 500 || PASSING.has(outcome.value)) return 'failure'
      return outcome.value < 300 ? 'success' : 'ignore'
    },
  }),
)

/** null: it went well. Else why not, as a clause. */
export async function postWebhook(url: string, body: string, signal: AbortSignal): Promise<string | null> {
  try {
    const status = await delivery.execute((call) => post(url, body, call.signal), { signal })
    if (status < 300) return null
    return `answered ${status}${status < 400 ? ': redirects are not followed' : ''}`
  } catch (error) {
    return `could not be told (${messageOf(error)})`
  }
}

/** The status of the answer. */
async function post(url: string, body: string, signal: AbortSignal): Promise<number> {
  // Loaded by the first hook that needs them: TLS costs the supervisor memory.
  const { request } = url.startsWith('https:') ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method: 'POST',
      signal,
      // A connection kept for the next crash would be dead by then.
      agent: false,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': `resil/${VERSION}`,
      },
    }
    const onAnswer = (response: IncomingMessage): void => {
      response.resume()
      response.on('error', reject)
      response.on('end', () => resolve(response.statusCode ?? 0))
    }
    request(url, options, onAnswer).on('error', reject).end(body)
  })
}
