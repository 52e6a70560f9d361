// The agent's own thread in a worker, where watchdogs.hang.evidence is "thread": reads the main thread's stack when the supervisor
// asks, also while that thread is blocked. It has an event loop and a line to the supervisor of its own, and waits in between.
// The app's preloads and environment are not for it (agent/internals/hidden-thread.ts).

import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import type { ThreadAnswer } from '../../protocol/thread-messages.ts'
import { ASK_STACK, LET_GO } from '../../protocol/thread-words.ts'
import { readMainStack } from './main-stack.ts'

const { fd } = workerData as { readonly fd: number }
const supervisor = new Socket({ fd, readable: true, writable: true })
/** The questions that are not answered yet, oldest first. */
const asked: AbortController[] = []

supervisor.on('data', (words: Buffer) => {
  for (const word of words.toString('latin1')) {
    if (word === ASK_STACK) void answer()
    if (word === LET_GO) for (const question of asked) question.abort(new Error('nobody waits for it any more'))
  }
})
// The supervisor is gone: its workers end, and so does this thread, which has nothing left to wait for.
supervisor.on('error', () => {})

async function answer(): Promise<void> {
  const question = new AbortController()
  asked.push(question)
  const said: ThreadAnswer = await readMainStack(question.signal).then(
    (frames) => ({ frames }),
    (error: Error) => ({ failed: error.message }),
  )
  asked.splice(asked.indexOf(question), 1)
  supervisor.write(`${JSON.stringify(said)}\n`)
}
