// A CPU profile as V8 makes it and Chrome DevTools opens it, and the functions in it that cost most. Pure.
// Format: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile

import type { ProfiledFunction } from './evidence.ts'
import { sourceFile } from './source-file.ts'

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      /** From 0. */
      readonly lineNumber: number
      readonly columnNumber: number
    }
    readonly hitCount?: number
  }[]
  /** Microseconds. */
  readonly startTime: number
  readonly endTime: number
  /** The node of each sample, and the microseconds from the sample before. */
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

/** By time spent in the function itself, the costliest first; idle time is no function. */
export function topFunctions(profile: CpuProfile, most: number): ProfiledFunction[] {
  const selfTime = selfTimes(profile)
  const totals = new Map<string, { readonly frame: Omit<ProfiledFunction, 'selfRatio'>; time: number }>()
  let all = 0
  for (const { id, callFrame } of profile.nodes) {
    const time = selfTime.get(id) ?? 0
    all += time
    if (time === 0 || callFrame.functionName === '(idle)' || callFrame.functionName === '(root)') continue
    const { functionName, url, lineNumber, columnNumber } = callFrame
    // One function has a node for each way that it was called.
    const key = `${functionName} ${url} ${lineNumber} ${columnNumber}`
    const known = totals.get(key)
    if (known !== undefined) {
      known.time += time
      continue
    }
    const file = sourceFile(url)
    const place = file === null ? { line: null, column: null } : { line: lineNumber + 1, column: columnNumber + 1 }
    totals.set(key, { frame: { name: functionName, file, ...place }, time })
  }
  return [...totals.values()]
    .sort((a, b) => b.time - a.time)
    .slice(0, most)
    .map(({ frame, time }) => ({ ...frame, selfRatio: time / all }))
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>()
  if (samples === undefined || timeDeltas === undefined) {
    for (const { id, hitCount = 0 } of nodes) times.set(id, hitCount)
    return times
  }
  for (const [index, id] of samples.entries()) {
    // A sample stands for the time until the next one. Clocks of several CPUs may seem to go back a little.
    times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[index + 1] ?? 0))
  }
  return times
}
