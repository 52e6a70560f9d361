// Looks at a worker's process from outside, for the core to judge whether it hangs. Never throws: what can't be seen is null.

import { readFileSync } from 'node:fs'
import type { WorkerInput } from '../supervisor/inputs.ts'
import { holdOff } from './evidence/evidence.ts'
import { parseStat } from './stat-reader.ts'
import type { WorkerHandle } from './worker-handle.ts'

const HELD_BY = {
  'a debugger is attached': 'debugger',
  'it is being diagnosed': 'diagnosis',
  nobody: null,
} as const

type Examined = Extract<WorkerInput, { type: 'worker.examined' }>

export function examine(worker: number, handle: WorkerHandle | undefined): Examined {
  const seen = statOf(handle?.process.pid)
  return {
    type: 'worker.examined',
    worker,
    state: seen?.state ?? null,
    cpuMs: seen?.cpuMs ?? null,
    heldBy: handle === undefined ? null : HELD_BY[holdOff(handle) ?? 'nobody'],
    connected: handle?.process.connected ?? false,
  }
}

function statOf(pid: number | undefined): ReturnType<typeof parseStat> {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'), 1)
  } catch {
    return null
  }
}
