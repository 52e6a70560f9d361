// When a response began, kept on the response itself: in a private field, which nobody else can see, and which is gone with it.
// A table of responses beside it would cost each request more (see live-set.ts), a weak one more still.

/** A constructor that returns another object makes the fields of its subclasses that object's. */
class OnAnother {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is the point
    return object
  }
}

export class StartTime extends OnAnother {
  #startedAt: number | undefined

  private constructor(object: object, startedAt: number) {
    super(object)
    this.#startedAt = startedAt
  }

  static set(object: object, startedAt: number): void {
    if (#startedAt in object) object.#startedAt = startedAt
    else new StartTime(object, startedAt)
  }

  static isSet(object: object): boolean {
    return #startedAt in object && object.#startedAt !== undefined
  }

  /** It has none from then on. */
  static take(object: object): number | undefined {
    if (!(#startedAt in object)) return undefined
    const startedAt = object.#startedAt
    object.#startedAt = undefined
    return startedAt
  }
}
