// Puts a listener in the place of one of Node's own, so that the app counts as many listeners as ever.
// Right only while nobody but Node has added any (at preload): the replacement goes to the end of the list.

import type { EventEmitter } from 'node:events'

type Listener = (...args: never[]) => void

/**
 * `find` picks Node's listener; `make` builds the replacement around it. A `once` listener stays one.
 * Returns false, and changes nothing, if there is no such listener: the caller's feature then falls back.
 */
export function replaceListener(
  emitter: EventEmitter,
  event: string,
  find: (listener: Listener) => boolean,
  make: (original: Listener) => Listener,
): boolean {
  const index = (emitter.listeners(event) as Listener[]).findIndex(find)
  if (index === -1) return false
  const original = emitter.listeners(event)[index] as Listener
  const once = emitter.rawListeners(event)[index] !== original
  const replacement = make(original)
  Object.defineProperty(replacement, 'name', { value: original.name })
  emitter.removeListener(event, original as never)
  if (once) emitter.once(event, replacement as never)
  else emitter.on(event, replacement as never)
  return true
}
