// What has to be done to Node's own handles behind the back of the classes that own them. When it is done is others' business.

import type net from 'node:net'
import type { NativeHandle } from './cluster-message.ts'

/**
 * listen() takes a TCP handle as it is, but not one of a Unix socket. What it does with it is short: it puts it in its place
 * and calls _listen2, an old public name of setupListenHandle (Node: lib/net.js), which finds the handle there.
 */
export function listenOn(server: net.Server, handle: NativeHandle, backlog: number | undefined): net.Server {
  const internals = server as unknown as {
    _handle: NativeHandle
    _listen2?(address: null, port: number, addressType: number, backlog: number | undefined): void
  }
  if (internals._listen2 === undefined) return server.listen(handle, backlog)
  internals._handle = handle
  internals._listen2(null, -1, -1, backlog)
  return server
}

/** Its close() is the prototype's again. */
export function restoreClose(handle: NativeHandle): void {
  Reflect.deleteProperty(handle, 'close')
}

/** By the prototype's close: deleting our own first would make V8 keep the handle as a dictionary, once per connection. */
export function closeForGood(handle: NativeHandle, done?: () => void): void {
  const { close } = Object.getPrototypeOf(handle) as NativeHandle
  close.call(handle, done)
}
