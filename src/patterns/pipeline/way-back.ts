// A way back into the async context of whoever made it. Timers, queues and flights that calls share end in the context of
// another call; what they set off must not run there (AsyncLocalStorage carries request ids, tenants, transactions). The
// reaction of a promise runs where it was registered, in every Node, and takes no node: import.

export class WayBack {
  private resolve: (() => void) | undefined = undefined
  private run: (() => void) | undefined = undefined

  constructor() {
    const taken = new Promise<void>((resolve) => {
      this.resolve = resolve
    })
    void taken.then(() => this.run?.())
  }

  /** Runs it in a microtask, in the context of the constructor's caller. Once. */
  take(run: () => void): void {
    this.run = run
    this.resolve?.()
  }
}
