// How far a limit reaches. Workers that agree through their supervisor are still to come: each decides for itself, and says so.

import type { ScopeMetrics } from './metrics.ts'
import { oneOf, type ScopeOptions } from './options.ts'

const SCOPES = ['worker', 'cluster', 'store'] as const
const WORKER: ScopeMetrics = { wanted: 'worker', effective: 'worker' }

export function scopeOf(of: string, options: ScopeOptions & { readonly name?: string | undefined }): ScopeMetrics {
  const wanted = oneOf(of, 'scope', options.scope, SCOPES, 'worker')
  if (wanted === 'worker') return WORKER
  if (options.name === undefined) throw new TypeError(`${of}: scope "${wanted}" needs a name, which workers agree on`)
  if ('strict' in options && options.strict === true) {
    throw new RangeError(`${of}: scope "${wanted}" cannot be had here; leave out strict to limit each worker by itself`)
  }
  return { wanted, effective: 'worker' }
}
