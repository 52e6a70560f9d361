// The debugger's call frames as a stack that fits into an event. Pure.

import type { StackFrame } from './evidence.ts'
import { sourceFile } from './source-file.ts'

/** Endless recursion has thousands; the innermost tell. */
const MOST_FRAMES = 100
/** Generated names, and code in data: URLs, can be of any length. */
const LONGEST_NAME = 200
const LONGEST_FILE = 1_000

/** Of `Debugger.paused`. Lines and columns from 0. */
export interface CallFrame {
  readonly functionName: string
  readonly location: {
    readonly scriptId: string
    readonly lineNumber: number
    readonly columnNumber?: number | undefined
  }
}

/** Innermost first, as they come. `scripts`: URLs by id, of `Debugger.scriptParsed`; the frames' own are empty, on every Node. */
export function stackOf(callFrames: readonly CallFrame[], scripts: ReadonlyMap<string, string>): StackFrame[] {
  return callFrames.slice(0, MOST_FRAMES).map(({ functionName, location }) => ({
    name: functionName.slice(0, LONGEST_NAME),
    file: sourceFile(scripts.get(location.scriptId)?.slice(0, LONGEST_FILE)),
    line: location.lineNumber + 1,
    column: location.columnNumber === undefined ? null : location.columnNumber + 1,
  }))
}
