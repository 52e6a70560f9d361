// Carries out what the core commands, and holds the handles of the workers that live.

import type { Worker } from 'node:cluster'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { LogLine } from '../protocol/control.ts'
import type { Command } from '../supervisor/commands.ts'
import type { Input } from '../supervisor/inputs.ts'
import { forkWorker } from './fork.ts'
import { attachOutput, type WorkerOutput } from './output/worker-output.ts'
import { type WorkerHandle, watchWorker } from './worker-handle.ts'

export interface Executor {
  execute(command: Command, submit: (input: Input) => void): void
  handleOf(worker: number): WorkerHandle | undefined
  pids(): number[]
  /** All output of workers that have ended has been read. */
  outputRead(): Promise<void>
}

export function createExecutor(options: {
  readonly agentPath: string
  readonly clock: Clock
  readonly onLine: (line: LogLine, worker: number) => void
  readonly onExit: (code: number) => void
  readonly sawOomKill: () => boolean
}): Executor {
  const { agentPath, clock, onLine, onExit, sawOomKill } = options
  const handles = new Map<number, WorkerHandle>()
  const outputs = new Map<number, WorkerOutput>()

  function fork(command: Extract<Command, { type: 'fork' }>, submit: (input: Input) => void): void {
    const { worker: id, app, slot, settings } = command
    let worker: Worker
    try {
      worker = forkWorker(settings, agentPath)
    } catch (error) {
      // EAGAIN, ENOMEM, EMFILE: the machine has no process to give. A crash of the slot, never of the supervisor.
      const code = (error as NodeJS.ErrnoException).code ?? messageOf(error)
      submit({ type: 'worker.exited', worker: id, code: null, signal: null, forkError: code, oomKilled: false })
      return
    }
    const report = (input: Input): void => {
      if (input.type === 'worker.exited') release(id)
      submit(input)
    }
    handles.set(id, watchWorker(worker, { id, app, slot }, report, sawOomKill))
    const { pid, stdout, stderr } = worker.process
    // Without a pid the fork has failed; its error is on the way and counts as the exit.
    if (pid === undefined) return
    const output = attachOutput({
      worker: { app, slot, pid },
      stdout,
      stderr,
      clock,
      onLine: (line) => onLine(line, id),
    })
    outputs.set(id, output)
    void output.closed.then(() => outputs.delete(id))
    submit({ type: 'worker.forked', worker: id, pid })
  }

  function release(id: number): void {
    handles.delete(id)
    outputs.get(id)?.exited()
  }

  return {
    execute: (command, submit) => {
      switch (command.type) {
        case 'fork':
          return fork(command, submit)
        case 'drain':
          return handles.get(command.worker)?.drain(command)
        case 'signal':
          return handles.get(command.worker)?.signal(command.signal as NodeJS.Signals)
        case 'exit':
          return onExit(command.code)
      }
    },
    handleOf: (id) => handles.get(id),
    pids: () => [...handles.values()].flatMap(({ process }) => process.pid ?? []),
    outputRead: async () => {
      await Promise.all([...outputs.values()].map(({ closed }) => closed))
    },
  }
}
