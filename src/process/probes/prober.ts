// Asks one worker its probes for as long as it lives, and submits the answers; what they come to is decided in supervisor/probes.
// A question that takes longer than its interval is not asked twice at once.

import type { Clock, Timer } from '../../clock.ts'
import type { AppSettings, ProbeName, ProbeSettings } from '../../config/settings.ts'
import { messageOf } from '../../errors.ts'
import type { Input } from '../../supervisor/inputs.ts'
import type { WorkerHandle } from '../worker-handle.ts'
import { watchAlibi } from './alibi.ts'
import { NO_ANSWER, type ProbeAnswer } from './answer.ts'
import { askExec } from './ask-exec.ts'
import { askHttp } from './ask-http.ts'
import { askTcp } from './ask-tcp.ts'

/** Until it listens, and until readiness passes for the first time: each moment of that is one without the worker. */
const EAGER_MS = 100
const EAGER_CALMS_TO_MS = 1_000

export interface Prober {
  close(): void
}

const NAMES: readonly ProbeName[] = ['startup', 'liveness', 'readiness']

export function hasProbes({ probes }: AppSettings): boolean {
  return NAMES.some((name) => probes[name] !== null)
}

export function startProber(
  worker: WorkerHandle,
  settings: Pick<AppSettings, 'probes' | 'cwd'>,
  clock: Clock,
  submit: (input: Input) => void,
): Prober {
  const timers = new Map<ProbeName, Timer>()
  const gone = new AbortController()
  let closed = false
  for (const name of NAMES) {
    const probe = settings.probes[name]
    if (probe !== null) later(name, probe, 0, EAGER_MS)
  }

  function later(name: ProbeName, probe: ProbeSettings, delayMs: number, eagerMs: number): void {
    if (closed) return
    const timer = clock.setTimeout(() => void askNow(name, probe, eagerMs), delayMs)
    // A worker that is asked is alive, and keeps the supervisor; the question does not.
    timer.unref?.()
    timers.set(name, timer)
  }

  async function askNow(name: ProbeName, probe: ProbeSettings, eagerMs: number): Promise<void> {
    const startedAt = clock.now()
    // Only liveness ends a worker that has been well.
    const alibi = name === 'liveness' ? watchAlibi(worker, probe.timeoutMs, clock) : null
    const answer = await ask(worker, name, probe, { cwd: settings.cwd, clock, signal: gone.signal })
    if (closed) return
    if (answer !== NO_ANSWER) {
      const excused = answer.ok ? null : (alibi?.() ?? null)
      submit({ type: 'probe.answered', worker: worker.id, probe: name, ...answer, ...(excused && { alibi: excused }) })
    }
    const eager = answer === NO_ANSWER || (name === 'readiness' && !answer.ok && eagerMs > 0)
    const next = eager && eagerMs > 0 ? eagerMs : 0
    const intervalMs = next > 0 ? Math.min(next, probe.intervalMs) : probe.intervalMs
    const delayMs = Math.max(0, intervalMs - (clock.now() - startedAt))
    later(name, probe, delayMs, next === 0 ? 0 : Math.min(2 * next, EAGER_CALMS_TO_MS))
  }

  return {
    close: () => {
      closed = true
      gone.abort()
      for (const timer of timers.values()) timer.cancel()
    },
  }
}

async function ask(
  worker: WorkerHandle,
  name: ProbeName,
  probe: ProbeSettings,
  context: { readonly cwd: string; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ProbeAnswer> {
  const { ask: question, timeoutMs } = probe
  const { signal } = context
  try {
    switch (question.by) {
      case 'http':
        return await askHttp(worker, question.target, timeoutMs, signal)
      case 'tcp':
        return await askTcp(worker, question.port, timeoutMs, signal)
      case 'exec':
        return await askExec(worker, question.command, { ...context, timeoutMs })
      case 'ipc':
        return await worker.askHealth(name, timeoutMs)
    }
  } catch (error) {
    return { ok: false, detail: messageOf(error) }
  }
}
