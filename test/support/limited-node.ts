// Node with fewer descriptors than this machine would give it: a script that lowers the limit and becomes node.

import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from './temp-dir.ts'

export function nodeWithDescriptors(limit: number, node = process.execPath): string {
  const path = join(tempDir({ node: `#!/bin/sh\nulimit -n ${limit} && exec '${node}' "$@"\n` }), 'node')
  chmodSync(path, 0o755)
  return path
}
