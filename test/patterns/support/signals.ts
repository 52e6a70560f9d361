// Counts the listeners that come and go on a signal: Node tells nobody how many there are.

export interface ListenerCounts {
  added: number
  removed: number
}

/** From now on. */
export function countListeners(signal: AbortSignal): ListenerCounts {
  const counts: ListenerCounts = { added: 0, removed: 0 }
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    counts.added += 1
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    counts.removed += 1
    remove(...args)
  }
  return counts
}
