// A command without a process of its own: for commands that only read and write files.

import { Writable } from 'node:stream'
import type { TextOutput } from '../../src/cli/context.ts'
import { run } from '../../src/cli/main.ts'
import { systemClock } from '../../src/clock.ts'

export interface InProcessResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The environment is only what is given. */
export async function runInProcess(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<InProcessResult> {
  const stdout = collector()
  const stderr = collector()
  let finished = 0
  await run(argv, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    cwd,
    uid: process.getuid?.() ?? 0,
    docs: '/opt/resil/docs',
    self: [process.execPath],
    clock: systemClock,
    interrupted: () => new AbortController().signal,
    finish: (exitCode) => {
      finished = exitCode
    },
  })
  return { code: finished, stdout: stdout.text(), stderr: stderr.text() }
}

function collector(): { readonly stream: TextOutput; readonly text: () => string } {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => chunks.join('') }
}
