// What is given back only when everybody has let go: a permit outlives its call while an abandoned action still runs.

export class Hold {
  private holders = 1
  private readonly release: () => void

  constructor(release: () => void) {
    this.release = release
  }

  share(): this {
    this.holders += 1
    return this
  }

  drop(): void {
    this.holders -= 1
    if (this.holders === 0) this.release()
  }
}
