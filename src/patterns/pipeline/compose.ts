// pipeline(): how strategies are put together, and the preset.

import {
  type Accepts,
  type Adds,
  type AnyStrategy,
  type Fits,
  type Pipeline,
  type PipelineOptions,
  PipelineStrategy,
} from './pipeline.ts'
import { type StandardOptions, standard } from './standard.ts'

interface Compose {
  /** Outermost first. */
  <const S extends readonly AnyStrategy[]>(
    name: string | PipelineOptions,
    ...strategies: S
  ): Pipeline<Fits<S> extends true ? Accepts<S> : never, Adds<S>>
  /** fallback? → timeout (total) → retry → circuitBreaker → bulkhead → timeout (attempt). */
  standard<In = unknown, V = never>(name: string, options?: StandardOptions<In, V>): Pipeline<In, V>
}

export const pipeline: Compose = Object.assign(
  (name: string | PipelineOptions, ...strategies: readonly AnyStrategy[]) =>
    new PipelineStrategy(name, strategies) as unknown as never,
  { standard },
)
