// Compares a presented token with the configured one, in a time that says nothing about how much of it was right.

import { createHash, timingSafeEqual } from 'node:crypto'

export type TokenVerdict = 'right' | 'wrong' | 'missing' | 'none-configured'

export function checkToken(authorization: string | undefined, token: string | undefined): TokenVerdict {
  if (token === undefined) return 'none-configured'
  const [, presented] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (presented === undefined) return 'missing'
  // Digests are of one length, whatever was presented.
  return timingSafeEqual(digest(presented), digest(token)) ? 'right' : 'wrong'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
