// How often the kernel has killed for lack of memory in our cgroup: the only witness that a SIGKILL came from there.

import { cgroupFolders, type ReadFile } from './cgroup-files.ts'
import { readFromDisk } from './read-machine.ts'

/** The count since the cgroup began; null where the kernel does not say (no cgroup, or the root's). */
export function readOomKills(readFile: ReadFile = readFromDisk): number | null {
  for (const { version, folders } of cgroupFolders('memory', readFile)) {
    const count = countIn(readFile(fileIn(folders[0] ?? '', version)))
    if (count !== null) return count
  }
  return null
}

/** v2 counts what happens in this cgroup and below it, v1 in this one. Workers live in the supervisor's own. */
function fileIn(folder: string, version: 1 | 2): string {
  return `${folder}/${version === 2 ? 'memory.events' : 'memory.oom_control'}`
}

function countIn(text: string | undefined): number | null {
  const match = /^oom_kill (\d+)$/m.exec(text ?? '')
  return match === null ? null : Number(match[1])
}
