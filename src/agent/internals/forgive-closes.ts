// The app closes its servers too, on its signal: for those that a drain has closed already, that must succeed and call back.

import { Server } from 'node:net'
import { imitate } from './imitate.ts'

export function forgiveLaterCloses(closed: ReadonlyMap<Server, unknown>): void {
  const { close } = Server.prototype
  Server.prototype.close = imitate(function (this: Server, callback?: (error?: Error) => void) {
    if (!closed.has(this) || this.listening) return close.call(this, callback)
    if (typeof callback === 'function') this.once('close', () => callback())
    return close.call(this)
  }, close)
}
