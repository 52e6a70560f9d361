// Tells whether the kernel has killed for memory since the last look: a SIGKILL that nobody of ours sent may be one.

/** `readOomKills`: the cgroup's running count; null where there is none. */
export function createOomWatch(readOomKills: () => number | null): () => boolean {
  let last = readOomKills()
  return () => {
    const count = readOomKills()
    const moved = count !== null && last !== null && count > last
    last = count
    return moved
  }
}
