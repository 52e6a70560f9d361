// The facts about this machine or container, read now: the one place where they touch the disk.

import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { MachineFacts } from '../../config/machine-facts.ts'
import type { ReadFile } from './cgroup-files.ts'
import { detectContainer } from './container.ts'
import { cpuLimit, cpusByAffinity, memoryLimit } from './limits.ts'

export const readFromDisk: ReadFile = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // No cgroup file system, no permission, no such controller: no limit that we can know of.
    return undefined
  }
}

export function readMachine(env: Readonly<Record<string, string | undefined>>): MachineFacts {
  const affinity = cpusByAffinity(readFromDisk, availableParallelism())
  return {
    cpus: cpuLimit(affinity, readFromDisk),
    cpusByAffinity: affinity,
    memory: memoryLimit(readFromDisk),
    container: detectContainer(env, readFromDisk, existsSync),
  }
}
