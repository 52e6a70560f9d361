// The canary of a reload as the supervisor obeys it, and the one that `--canary` asks for where the config has none.

import * as z from 'zod/mini'
import { canary as Canary } from '../sections/reload.ts'
import type { CanarySettings } from '../settings.ts'

export function toCanarySettings({
  instances,
  observe,
  maxErrorRate,
  maxLagP99,
}: z.infer<typeof Canary>): CanarySettings {
  return { instances, observeMs: observe, maxErrorRate, maxLagP99Ms: maxLagP99 ?? null }
}

/** `configured`: what the config says, but for the number; null: nothing. None at all for 0 workers. */
export function canaryOf(instances: number, configured: CanarySettings | null): CanarySettings | null {
  return instances === 0 ? null : { ...(configured ?? toCanarySettings(z.parse(Canary, {}))), instances }
}
