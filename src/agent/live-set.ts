// Remembers things until they are over, without a listener on any of them (the app could count it, or remove it).
// What is over is swept out when the list has doubled, and whenever somebody looks: constant cost per addition.
// An array, and no Set: those make a new table of themselves now and then, and V8 takes what an old table names for alive until
// its next major collection, up to 5 % of a short connection's cost.

/** Few: what is over but remembered outlives its youth, and V8 moves it about (4 % of a short connection's cost at 64). */
const SMALL = 8

export class LiveSet<Item> {
  readonly #isOver: (item: Item) => boolean
  /** One that was added twice may be here twice, until somebody looks. */
  #items: Item[] = []
  #sweepAt = SMALL

  constructor(isOver: (item: Item) => boolean) {
    this.#isOver = isOver
  }

  add(item: Item): void {
    if (this.#items.length >= this.#sweepAt) this.#sweep()
    this.#items.push(item)
  }

  get size(): number {
    return this.all().length
  }

  /** A copy: what is done to an item may be its end. */
  all(): Item[] {
    this.#items = [...new Set(this.#items)]
    this.#sweep()
    return [...this.#items]
  }

  #sweep(): void {
    const items = this.#items
    let kept = 0
    for (const item of items) {
      if (this.#isOver(item)) continue
      items[kept] = item
      kept += 1
    }
    items.length = kept
    this.#sweepAt = Math.max(SMALL, 2 * kept)
  }
}
