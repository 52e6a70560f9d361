// A command that must exit with 0. It leads a process group of its own, which is killed as a whole when its time is up.

import { spawn } from 'node:child_process'
import type { WorkerHandle } from '../worker-handle.ts'
import type { ProbeAnswer } from './answer.ts'

/** Enough for a sentence; the rest of what it says is read and dropped, so that it never blocks. */
const MOST_KEPT = 500

export function askExec(
  worker: WorkerHandle,
  command: readonly string[],
  cwd: string,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const [file = '', ...args] = command
  const { pid } = worker.process
  return new Promise((resolve) => {
    const asked = spawn(file, args, {
      cwd,
      env: { ...process.env, RESIL_APP: worker.app, RESIL_SLOT: String(worker.slot), RESIL_WORKER_PID: String(pid) },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    let said = ''
    let settled = false
    const settle = (ok: boolean, detail: string): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      resolve({ ok, detail: `${file}: ${detail}` })
    }
    const timer = setTimeout(() => {
      settle(false, 'no answer in time')
      killGroup(asked.pid)
      // A process that it left behind may hold the pipe.
      asked.stderr.destroy()
    }, timeoutMs)
    asked.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < MOST_KEPT) said += text
    })
    asked.stderr.on('error', () => {})
    asked.once('error', (error: NodeJS.ErrnoException) => settle(false, error.code ?? error.message))
    asked.once('close', (code, signal) => {
      const words = said.trim().split('\n')[0]?.slice(0, MOST_KEPT) ?? ''
      const end = signal === null ? `exit code ${code}` : `killed by ${signal}`
      settle(code === 0, words === '' || code === 0 ? end : `${end}, ${words}`)
    })
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended in this very moment.
  }
}
