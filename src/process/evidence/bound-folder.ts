// Keeps a folder of evidence within its bounds: the oldest files go first.

import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** `own`: files that are resil's, named so that their order is that of their times. Others are not touched. */
export function boundFolder(
  dir: string,
  own: RegExp,
  { mostFiles, mostBytes }: { readonly mostFiles: number; readonly mostBytes: number },
): void {
  const kept = readdirSync(dir)
    .filter((name) => own.test(name))
    .sort()
    .map((name) => ({ path: join(dir, name), bytes: statSync(join(dir, name)).size }))
  let bytes = kept.reduce((sum, one) => sum + one.bytes, 0)
  let count = kept.length
  for (const one of kept) {
    if (count <= mostFiles && bytes <= mostBytes) return
    rmSync(one.path, { force: true })
    count -= 1
    bytes -= one.bytes
  }
}
