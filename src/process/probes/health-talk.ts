// Questions to the app's own health checks, which the agent puts to them inside the worker, and their answers. One that does not come
// is an answer too. When to ask, and what follows, is prober.ts's.

import type { ProbeName } from '../../config/settings.ts'

export interface HealthAnswer {
  readonly ok: boolean
  readonly detail: string
}

export interface HealthTalk {
  /** Never rejects. */
  ask(kind: ProbeName, timeoutMs: number): Promise<HealthAnswer>
  answered(question: number, answer: HealthAnswer): void
  /** The worker has ended. */
  close(): void
}

export function createHealthTalk(send: (question: number, kind: ProbeName) => void): HealthTalk {
  const waiting = new Map<number, (answer: HealthAnswer) => void>()
  let lastQuestion = 0
  return {
    ask: (kind, timeoutMs) =>
      new Promise((resolve) => {
        lastQuestion += 1
        const question = lastQuestion
        const settle = (answer: HealthAnswer): void => {
          clearTimeout(timer)
          waiting.delete(question)
          resolve(answer)
        }
        const timer = setTimeout(
          () => settle({ ok: false, detail: 'its event loop gave no answer in time' }),
          timeoutMs,
        )
        waiting.set(question, settle)
        send(question, kind)
      }),
    answered: (question, answer) => waiting.get(question)?.(answer),
    close: () => {
      // Their timers would keep a supervisor that has nothing else to wait for.
      for (const settle of waiting.values()) settle({ ok: false, detail: 'it has ended' })
    },
  }
}
