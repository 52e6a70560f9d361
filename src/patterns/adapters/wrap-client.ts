// A client of a database or a queue (pg, ioredis and the like) whose named methods run through a strategy.

import { show } from '../options.ts'
import type { Strategy } from '../pipeline/strategy.ts'

export type MethodOf<C> = { [K in keyof C]: C[K] extends (...args: never[]) => unknown ? K : never }[keyof C]
export type WrappedMethod<F, Add> = F extends (...args: infer A) => infer R
  ? (...args: A) => Promise<Awaited<R> | Add>
  : F
/** Overloads survive where nothing is added. */
export type WrappedClient<C, K, Add> = [Add] extends [never]
  ? C
  : { [P in keyof C]: P extends K ? WrappedMethod<C[P], Add> : C[P] }

/**
 * A proxy: the named methods return promises and go through the strategy, all else is the client's own. For methods that
 * return a promise; one that is given a callback would count as done at once.
 */
export function wrapClient<C extends object, K extends MethodOf<C>, Add = never>(
  client: C,
  strategy: Strategy<unknown, Add>,
  methods: readonly K[],
): WrappedClient<C, K, Add> {
  if (Object(client) !== client) throw new TypeError(`wrapClient: the client must be an object, got ${show(client)}`)
  if (typeof (strategy as Partial<Strategy> | undefined)?.wrap !== 'function') {
    throw new TypeError(`wrapClient: it needs a strategy such as retry() second, got ${show(strategy)}`)
  }
  for (const name of methods) {
    const method: unknown = client[name]
    if (typeof method !== 'function') {
      throw new TypeError(`wrapClient: the client has no method "${String(name)}", it is ${show(method)}`)
    }
    if (isFixed(client, name)) {
      throw new TypeError(`wrapClient: "${String(name)}" of the client is frozen; wrap a copy of it, { ...client }`)
    }
  }
  const wrapped = new Set<PropertyKey>(methods)
  const made = new Map<PropertyKey, { readonly of: unknown; readonly fn: unknown }>()
  /** `await client.connect()` of many a client is that client. */
  const wrapAgain = (value: unknown): unknown => (value === client ? proxy : value)
  const proxy: C = new Proxy(client, {
    // Setters too run on the client itself.
    set: (target, name, value) => Reflect.set(target, name, value, target),
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      // A proxy must give what is frozen as it is.
      if (typeof value !== 'function' || name === 'constructor' || isFixed(target, name)) return value
      const known = made.get(name)
      if (known?.of === value) return known.fn
      // Called on the client itself, for its private fields; a chain that returns the client goes on through the proxy.
      const own = (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args)
        return result === target ? proxy : isPlainPromise(result) ? result.then(wrapAgain) : result
      }
      const fn = wrapped.has(name) ? strategy.wrap(own) : own
      made.set(name, { of: value, fn })
      return fn
    },
  })
  return proxy as WrappedClient<C, K, Add>
}

function isFixed(target: object, name: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, name)
  return own !== undefined && own.configurable === false && own.writable === false
}

/** Not a lazy query that runs when its `then` is called, nor one with methods of its own. */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Promise.prototype &&
    Reflect.ownKeys(value).length === 0
  )
}
