// Names of requests, as events and refusals show them: "a reload (reload-3f2a91) is running".

import { randomBytes } from 'node:crypto'

export function requestId(operation: string): string {
  return `${operation}-${randomBytes(3).toString('hex')}`
}
