// Remembers things that get destroyed, without a listener on any of them (the app could count it, or remove it).
// The dead are swept out when the set has doubled, and whenever somebody looks: constant cost per addition.

/** Few: what is dead but remembered outlives its youth, and V8 moves it about (4 % of a short connection's cost at 64). */
const SMALL = 8

export class LiveSet<Item extends { readonly destroyed: boolean }> {
  readonly #items = new Set<Item>()
  #sweepAt = SMALL

  add(item: Item): void {
    if (this.#items.size >= this.#sweepAt) this.#sweep()
    this.#items.add(item)
  }

  get size(): number {
    this.#sweep()
    return this.#items.size
  }

  /** A copy: what is done to an item may destroy it. */
  all(): Item[] {
    this.#sweep()
    return [...this.#items]
  }

  #sweep(): void {
    for (const item of this.#items) if (item.destroyed) this.#items.delete(item)
    this.#sweepAt = Math.max(SMALL, 2 * this.#items.size)
  }
}
