// The supervisor's end of the line to the agent's own thread in a worker, which answers while the main thread is blocked.

import type { Duplex } from 'node:stream'
import { lineReader } from '../../control/lines.ts'
import type { StackFrame } from '../../events/evidence.ts'
import { ThreadAnswer } from '../../protocol/thread-messages.ts'
import { ASK_STACK, LET_GO } from '../../protocol/thread-words.ts'

export interface AgentThread {
  /** Innermost first. Rejects on abort, and where the thread can't or won't answer. */
  stack(signal: AbortSignal): Promise<StackFrame[]>
  /** The worker has ended. */
  close(): void
}

/** A hundred frames with long names; what is longer is no answer. */
const LONGEST_ANSWER_BYTES = 512 * 1024
const GONE = 'its agent thread has ended, or could not be started'

interface Pending {
  readonly resolve: (frames: StackFrame[]) => void
  readonly reject: (error: unknown) => void
}

export function talkToThread(line: Duplex): AgentThread {
  /** Oldest first: they are answered in order, also those that nobody waits for any more. */
  const asked: Pending[] = []
  let open = true

  function onLine(text: string): void {
    const pending = asked.shift()
    const answer = ThreadAnswer.safeParse(jsonIn(text))
    if (!answer.success) pending?.reject(new Error('its agent thread gave no answer that can be read'))
    else if ('failed' in answer.data) pending?.reject(new Error(answer.data.failed))
    else pending?.resolve(answer.data.frames)
  }

  function onGone(): void {
    open = false
    for (const { reject } of asked.splice(0)) reject(new Error(GONE))
  }

  line.on('data', lineReader({ maxBytes: LONGEST_ANSWER_BYTES, onLine, onTooLong: () => line.destroy() }))
  line.on('error', onGone)
  line.on('close', onGone)

  return {
    stack: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (!open) return reject(new Error(GONE))
        const onAbort = (): void => {
          line.write(LET_GO)
          reject(signal.reason)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        const settled =
          <Value>(then: (value: Value) => void) =>
          (value: Value): void => {
            signal.removeEventListener('abort', onAbort)
            then(value)
          }
        asked.push({ resolve: settled(resolve), reject: settled(reject) })
        line.write(ASK_STACK)
      }),
    close: () => void line.destroy(),
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
