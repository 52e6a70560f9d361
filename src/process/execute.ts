// Carries out what the core commands, and holds the handles of the workers that live. What comes of a command returns as an input:
// a fork that fails as the exit of its worker, an exit when everybody here has let go of it.

import type { Clock } from '../clock.ts'
import type { Door } from '../cluster-internals/door.ts'
import { messageOf } from '../errors.ts'
import type { Evidence } from '../events/evidence.ts'
import type { WorkerRef } from '../events/worker-ref.ts'
import type { Command } from '../supervisor/commands.ts'
import type { Input } from '../supervisor/inputs.ts'
import type { FatalReports } from './evidence/fatal-report.ts'
import { examine } from './examine.ts'
import { forkWorker } from './fork.ts'
import { preferForOom } from './machine/oom-preference.ts'
import type { Log } from './output/log.ts'
import { hasProbes, type Prober, startProber } from './probes/prober.ts'
import { type WorkerHandle, watchWorker } from './worker-handle.ts'

/** Sees to it that no worker outlives the supervisor: orphan-guard.ts, worker-list.ts. */
export interface WorkerWatch {
  add(pid: number): void
  remove(pid: number): void
}

export type EvidenceWanted = Extract<Command, { type: 'take-evidence' }>

export interface Executor {
  execute(command: Command, submit: (input: Input) => void): void
  handleOf(worker: number): WorkerHandle | undefined
  /** Those that have a process. */
  workers(): { readonly id: number; readonly pid: number }[]
}

export function createExecutor(options: {
  readonly agentPath: string
  readonly log: Log
  readonly door: Door
  /** Are told of each process that begins and ends. */
  readonly guards: readonly WorkerWatch[]
  readonly clock: Clock
  readonly onExit: (code: number) => void
  readonly onEvidenceWanted: (wanted: EvidenceWanted, handle: WorkerHandle | undefined) => Promise<void>
  /** A worker that has a process. */
  readonly onWorker?: ((worker: WorkerHandle) => void) | undefined
  readonly sawOomKill: () => boolean
  readonly fatalReports: FatalReports
  /** What a worker left behind, told before its end is. */
  readonly onLeftBehind: (worker: WorkerRef, evidence: Evidence) => void
  /** Something about the strategies of an app has turned, or one of its workers has ended; all that live. */
  readonly onStrategyTurn: (app: string, workers: readonly WorkerHandle[]) => void
}): Executor {
  const { agentPath, log, door, guards, clock, onExit, onEvidenceWanted, onWorker, sawOomKill, fatalReports } = options
  const handles = new Map<number, WorkerHandle>()
  const probers = new Map<number, Prober>()

  function fork(command: Extract<Command, { type: 'fork' }>, submit: (input: Input) => void): void {
    const { worker: id, app, slot, generation, settings, standby } = command
    let forked: ReturnType<typeof forkWorker>
    try {
      const reportArgs = settings.fatalReport ? fatalReports.nodeArgs() : []
      forked = forkWorker(settings, standby ? null : slot, agentPath, standby ? { standby } : {}, reportArgs)
    } catch (error) {
      // EAGAIN, ENOMEM, EMFILE: the machine has no process to give. A crash of the slot, never of the supervisor.
      const code = (error as NodeJS.ErrnoException).code ?? messageOf(error)
      submit({ type: 'worker.exited', worker: id, code: null, signal: null, forkError: code, oomKilled: false })
      return
    }
    const { worker, inspectPort } = forked
    // One object for all who name the worker: a standby gets its slot later.
    const place = { id, app, slot, sticky: settings.sticky, reusePort: settings.reusePort }
    const onStrategyTurn = (): void =>
      options.onStrategyTurn(
        app,
        [...handles.values()].filter((other) => other.app === app),
      )
    const ended = (exit: Extract<Input, { type: 'worker.exited' }>): void => {
      const { pid = null } = worker.process
      release(id)
      const leftBehind = pid === null ? null : fatalReports.take(pid)
      if (leftBehind !== null) options.onLeftBehind({ app, id, slot: place.slot, pid, generation }, leftBehind)
      submit(exit)
      onStrategyTurn()
    }
    const handle = watchWorker(worker, place, {
      report: (input) => (input.type === 'worker.exited' ? ended(input) : submit(input)),
      door,
      sawOomKill,
      inspected: { captured: settings.captureOutput, usersPort: inspectPort },
      onStrategyTurn,
    })
    handles.set(id, handle)
    const { pid, stdout, stderr } = worker.process
    // Without a pid the fork has failed; its error is on the way and counts as the exit.
    if (pid === undefined) return
    for (const guard of guards) guard.add(pid)
    preferForOom(pid)
    if (settings.chaosAllowed) handle.allowChaos()
    onWorker?.(handle)
    if (hasProbes(settings)) probers.set(id, startProber(handle, settings, clock, submit))
    const named = {
      app,
      id,
      pid,
      generation,
      get slot() {
        return place.slot
      },
    }
    log.capture(named, stdout, stderr, handle.inspector.sieve)
    submit({ type: 'worker.forked', worker: id, pid })
  }

  function release(id: number): void {
    const pid = handles.get(id)?.process.pid
    handles.delete(id)
    probers.get(id)?.close()
    probers.delete(id)
    if (pid !== undefined) for (const guard of guards) guard.remove(pid)
  }

  return {
    execute: (command, submit) => {
      switch (command.type) {
        case 'fork':
          return fork(command, submit)
        case 'drain':
          return handles.get(command.worker)?.drain(command)
        case 'promote':
          return handles.get(command.worker)?.promote(command.slot)
        case 'signal':
          return handles.get(command.worker)?.signal(command.signal as NodeJS.Signals)
        case 'rotate':
          return handles.get(command.worker)?.setRotation(command.inRotation)
        case 'examine':
          return submit(examine(command.worker, handles.get(command.worker)))
        case 'take-evidence':
          void onEvidenceWanted(command, handles.get(command.worker))
          return
        case 'exit':
          return onExit(command.code)
      }
    },
    handleOf: (id) => handles.get(id),
    workers: () =>
      [...handles.values()].flatMap(({ id, process: { pid } }) => (pid === undefined ? [] : [{ id, pid }])),
  }
}
