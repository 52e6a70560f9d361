// What one question to a worker came to.

export type ProbeAnswer =
  | { readonly ok: boolean; readonly detail: string }
  /** Nothing was learnt, and nobody is to blame: it does not listen yet, or the machine had no socket to give. */
  | 'no answer'

export const NO_ANSWER = 'no answer'
