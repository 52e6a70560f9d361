// Answers what the supervisor asks about this worker, while its loop turns: heap statistics, a CPU profile, a heap snapshot.
// What they cost (node:inspector, node:v8) is loaded when they are asked for, and not before.

import type { Session } from 'node:inspector'
import { type CpuProfile, topFunctions } from '../events/cpu-profile.ts'
import { size } from '../events/words.ts'
import type { AgentQuestion, Diagnosis } from '../protocol/worker-messages.ts'

export async function diagnose(question: AgentQuestion): Promise<Diagnosis> {
  try {
    return await answer(question)
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) }
  }
}

function answer(question: AgentQuestion): Diagnosis | Promise<Diagnosis> {
  switch (question.kind) {
    case 'probe':
      return {
        kind: 'probe',
        sigusr1: process.listenerCount('SIGUSR1') > 0,
        inspecting: inspector().url() !== undefined,
      }
    case 'close-inspector':
      return closeInspector()
    case 'heap-statistics':
      return heapStatistics()
    case 'cpu-profile':
      return cpuProfile(question)
    case 'heap-snapshot':
      return heapSnapshot(question)
  }
}

function inspector(): typeof import('node:inspector') {
  return process.getBuiltinModule('node:inspector')
}

/** Node's own late second opening (process/evidence/inspector-access.ts) is due in this turn of the loop: closed in the next. */
async function closeInspector(): Promise<Diagnosis> {
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  if (inspector().url() !== undefined) inspector().close()
  return { kind: 'close-inspector' }
}

function heapStatistics(): Diagnosis {
  const { getHeapStatistics, getHeapSpaceStatistics } = process.getBuiltinModule('node:v8')
  const spaces = getHeapSpaceStatistics().map((space) => [space.space_name, space.space_used_size] as const)
  return { kind: 'heap-statistics', numbers: { ...getHeapStatistics() }, spaces: Object.fromEntries(spaces) }
}

type Question<Kind> = Extract<AgentQuestion, { kind: Kind }>

async function cpuProfile({ file, durationMs, top }: Question<'cpu-profile'>): Promise<Diagnosis> {
  const session = new (inspector().Session)()
  session.connect()
  try {
    await post(session, 'Profiler.enable')
    await post(session, 'Profiler.start')
    await new Promise((resolve) => {
      // The profile alone is no reason for a worker to stay.
      setTimeout(resolve, durationMs).unref()
    })
    const { profile } = (await post(session, 'Profiler.stop')) as { profile: CpuProfile }
    writeNew(file, JSON.stringify(profile))
    return {
      kind: 'cpu-profile',
      durationMs: Math.round((profile.endTime - profile.startTime) / 1_000),
      top: topFunctions(profile, top),
    }
  } finally {
    session.disconnect()
  }
}

function post(session: Session, method: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, (error, result) => (error ? reject(error) : resolve(result)))
  })
}

/** Blocks the worker while it is written, and takes about as much memory again as the heap has. */
function heapSnapshot({ file, force }: Question<'heap-snapshot'>): Diagnosis {
  const { getHeapStatistics, writeHeapSnapshot } = process.getBuiltinModule('node:v8')
  const fs = process.getBuiltinModule('node:fs')
  const heapBytes = getHeapStatistics().used_heap_size
  const problem = force ? null : (tooLittleDisk(file, heapBytes) ?? tooLittleMemory(heapBytes))
  if (problem !== null) return { kind: 'failed', reason: problem }
  // Made by us first: Node would write over what is there.
  writeNew(file, '')
  try {
    writeHeapSnapshot(file)
    return { kind: 'heap-snapshot', bytes: fs.statSync(file).size }
  } catch (error) {
    fs.rmSync(file, { force: true })
    throw error
  }
}

function tooLittleDisk(file: string, heapBytes: number): string | null {
  const { statfsSync } = process.getBuiltinModule('node:fs')
  const { dirname } = process.getBuiltinModule('node:path')
  const { bavail, bsize } = statfsSync(dirname(file))
  if (bavail * bsize >= 2 * heapBytes) return null
  return `${dirname(file)} has ${size(bavail * bsize)} free, and a snapshot of a heap of ${size(heapBytes)} may need ${size(2 * heapBytes)}: choose another place with -o, or --force`
}

function tooLittleMemory(heapBytes: number): string | null {
  const free = process.availableMemory()
  if (free >= heapBytes) return null
  return `${size(free)} of memory are free, and a snapshot needs about as much as the heap has, ${size(heapBytes)}: the kernel might kill the worker; --force takes it anyway`
}

/** For its owner alone, and never over something that is there. */
function writeNew(file: string, text: string): void {
  process.getBuiltinModule('node:fs').writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EEXIST') return 'the file is there already: name another with -o'
  return `the worker can't: ${message}`
}
