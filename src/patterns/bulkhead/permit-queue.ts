// A number of permits and the queue for them. Who waits longest goes first, within a priority; nobody overtakes a queue;
// whoever leaves it does so at once, wherever he stands. Knows neither calls nor clocks.

export interface Waiter {
  readonly priority: number
  /** It has a permit now. */
  granted(): void
  before: Waiter | undefined
  behind: Waiter | undefined
}

/** Those who wait with one priority stand together. */
interface Level {
  readonly priority: number
  last: Waiter
}

export class PermitQueue {
  private permits: number
  private first: Waiter | undefined = undefined
  /** The highest first: nobody looks for his place by walking past all who wait. */
  private readonly levels: Level[] = []
  inUse = 0
  waiting = 0

  constructor(limit: number) {
    this.permits = limit
  }

  get limit(): number {
    return this.permits
  }

  /** Permits in use beyond a lowered limit are not taken away: they just are not handed on. */
  set limit(limit: number) {
    this.permits = limit
    this.handOn()
  }

  tryTake(): boolean {
    if (this.inUse >= this.permits || this.first !== undefined) return false
    this.inUse += 1
    return true
  }

  giveBack(): void {
    this.inUse -= 1
    if (this.first !== undefined) this.handOn()
  }

  join(waiter: Waiter): void {
    const { levels } = this
    const at = this.levelAt(waiter.priority)
    const alike = levels[at]?.priority === waiter.priority ? levels[at] : undefined
    const before = (alike ?? levels[at - 1])?.last
    if (alike === undefined) levels.splice(at, 0, { priority: waiter.priority, last: waiter })
    else alike.last = waiter
    const behind = before === undefined ? this.first : before.behind
    waiter.before = before
    waiter.behind = behind
    if (before === undefined) this.first = waiter
    else before.behind = waiter
    if (behind !== undefined) behind.before = waiter
    this.waiting += 1
  }

  /** Only for one who waits. */
  leave(waiter: Waiter): void {
    const { before, behind } = waiter
    if (before === undefined) this.first = behind
    else before.behind = behind
    if (behind !== undefined) behind.before = before
    this.waiting -= 1
    const at = this.levelAt(waiter.priority)
    const level = this.levels[at]
    if (level?.last !== waiter) return
    if (before?.priority === waiter.priority) level.last = before
    else this.levels.splice(at, 1)
  }

  /** Whoever is next; for turning everybody away. */
  get next(): Waiter | undefined {
    return this.first
  }

  /** Lets the first one go without a permit of this queue: somebody else counts. */
  grantNext(): void {
    const { first } = this
    if (first === undefined) return
    this.leave(first)
    first.granted()
  }

  /** Where the level of that priority is, or would be. */
  private levelAt(priority: number): number {
    const { levels } = this
    let [low, high] = [0, levels.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((levels[middle]?.priority ?? priority) > priority) low = middle + 1
      else high = middle
    }
    return low
  }

  private handOn(): void {
    for (let { first } = this; first !== undefined && this.inUse < this.permits; first = this.first) {
      this.leave(first)
      this.inUse += 1
      first.granted()
    }
  }
}
