// One public error class. `code` is what programs branch on, `message` is one line for people: what, where, and the fix.

/** Codes of errors that resil itself raises. Stable: part of the public contract. */
export type ResilErrorCode =
  | 'RESIL_USAGE'
  | 'RESIL_CONFIG'
  | 'RESIL_NO_SUPERVISOR'
  | 'RESIL_AMBIGUOUS'
  | 'RESIL_ALREADY_RUNNING'
  | 'RESIL_NOT_PERMITTED'
  | 'RESIL_BAD_REQUEST'
  | 'RESIL_UNKNOWN_TARGET'
  | 'RESIL_BUSY'
  | 'RESIL_RELOAD_FAILED'
  | 'RESIL_NEVER_READY'
  | 'RESIL_TIMEOUT'
  | 'RESIL_INTERNAL'

/** Everything resil throws on purpose. Expected outcomes are return values instead. The patterns bring codes of their own. */
export class ResilError<Code extends string = ResilErrorCode> extends Error {
  readonly code: Code
  /** More lines for the terminal (candidates, offending source line); never needed to understand `message`. */
  readonly details: readonly string[]

  constructor(
    code: Code,
    message: string,
    options: { readonly cause?: unknown; readonly details?: readonly string[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ResilError'
    this.code = code
    this.details = options.details ?? []
  }
}

/** For the `default` of an exhaustive switch: the compiler proves that it can't be reached. */
export function assertNever(value: never): never {
  throw new ResilError('RESIL_INTERNAL', `unexpected value ${JSON.stringify(value)}: this is a bug in resil`)
}

/** The message of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  return printed(error).replaceAll(/\s*\n\s*/g, ' ')
}

function printed(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    // An object without a prototype, a getter that throws: whoever reports an error must not fail of it.
    return 'something that cannot be printed'
  }
}
