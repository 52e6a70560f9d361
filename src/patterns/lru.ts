// A map that forgets who was not asked for longest, once it is full.

export class Lru<V> {
  private readonly entries = new Map<string, V>()
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string): V | undefined {
    const value = this.entries.get(key)
    if (value === undefined) return undefined
    this.entries.delete(key)
    this.entries.set(key, value)
    return value
  }

  /** `mayGo` spares entries that are in use; where all are, the map grows for the while. */
  set(key: string, value: V, mayGo: (value: V) => boolean = () => true): V[] {
    this.entries.delete(key)
    this.entries.set(key, value)
    const gone: V[] = []
    for (const [oldKey, old] of this.entries) {
      if (this.entries.size <= this.most) break
      if (oldKey === key || !mayGo(old)) continue
      this.entries.delete(oldKey)
      gone.push(old)
    }
    return gone
  }

  delete(key: string): boolean {
    return this.entries.delete(key)
  }

  clear(): void {
    this.entries.clear()
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries[Symbol.iterator]()
  }
}
