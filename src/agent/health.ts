// Answers probes over ipc from the health registries of the app (resil/patterns), which keep their results at hand: so an answer
// costs nothing and waits for nothing. That it comes at all says that the event loop turns.

import { messageOf } from '../errors.ts'
import type { WatchedHealth } from '../protocol/agent-handle.ts'

export interface HealthAnswer {
  readonly ok: boolean
  readonly detail: string
}

const LONGEST_DETAIL = 500

export class Health {
  readonly #registries = new Set<WatchedHealth>()

  watch(registry: WatchedHealth): () => void {
    this.#registries.add(registry)
    return () => void this.#registries.delete(registry)
  }

  /** `warn` passes: the app itself says that it can go on. */
  answer(kind: string): HealthAnswer {
    const failing: string[] = []
    for (const registry of this.#registries) {
      try {
        const { status, checks } = registry.report(kind)
        if (status === 'fail') failing.push(...failed(checks))
      } catch (error) {
        failing.push(`its health registry threw: ${messageOf(error)}`)
      }
    }
    if (failing.length > 0) return { ok: false, detail: failing.join('; ').slice(0, LONGEST_DETAIL) }
    return { ok: true, detail: this.#registries.size === 0 ? 'its event loop turns' : 'all checks pass' }
  }
}

function failed(checks: ReturnType<WatchedHealth['report']>['checks']): string[] {
  const named = Object.entries(checks).filter(([, { status }]) => status === 'fail')
  return named.map(([name, { output }]) => (output === undefined ? `${name} fails` : `${name}: ${output}`))
}
