// resil/patterns: what the code inside a service uses against failures outside. Stands alone: no supervisor, no dependency.

export { checks } from './checks/checks.ts'
export type { Clock, Timer } from './clock.ts'
export { ResilError } from './errors.ts'
export {
  expressErrors,
  fastifyErrors,
  type HttpError,
  httpErrorOf,
} from './patterns/adapters/http-error.ts'
export {
  type Fetch,
  type FetchOptions,
  type ResilientFetch,
  resilientFetch,
} from './patterns/adapters/resilient-fetch.ts'
export { type MethodOf, type WrappedClient, type WrappedMethod, wrapClient } from './patterns/adapters/wrap-client.ts'
export {
  type AdaptiveLimiter,
  type AdaptiveLimiterOptions,
  adaptiveLimiter,
} from './patterns/adaptive-limiter/adaptive-limiter.ts'
export {
  type Bulkhead,
  type BulkheadOptions,
  bulkhead,
  type ClassicBulkheadOptions,
  type Permit,
  type QueueOptions,
} from './patterns/bulkhead/bulkhead.ts'
export { type Chaos, type ChaosOptions, chaos, type Latency } from './patterns/chaos/chaos.ts'
export { type CircuitBreaker, circuitBreaker } from './patterns/circuit-breaker/circuit-breaker.ts'
export type {
  CircuitBreakerOptions,
  ClassicBreakerOptions,
  ConsecutiveOptions,
  RateOptions,
} from './patterns/circuit-breaker/options.ts'
export type { BreakerPermit } from './patterns/circuit-breaker/permit.ts'
export type { BreakerSnapshot, BreakerState } from './patterns/circuit-breaker/snapshot.ts'
export type { PatternEvent } from './patterns/events.ts'
export {
  type CachedFallback,
  type CachedOptions,
  type Failure,
  type Fallback,
  type FallbackOptions,
  fallback,
} from './patterns/fallback/fallback.ts'
export type { Check, CheckFn } from './patterns/health/check.ts'
export { type CheckOptions, type HealthRegistry, healthRegistry } from './patterns/health/health-registry.ts'
export type { CheckReport, CheckResult, HealthKind, HealthReport, HealthStatus } from './patterns/health/report.ts'
export { type Hedge, type HedgeOptions, hedge } from './patterns/hedge/hedge.ts'
export { type ManualClock, manualClock } from './patterns/manual-clock.ts'
export type {
  AdaptiveLimiterMetrics,
  BreakerMetrics,
  BulkheadMetrics,
  ChaosMetrics,
  DurationMetrics,
  FallbackMetrics,
  HedgeMetrics,
  Metrics,
  PipelineMetrics,
  RateLimiterMetrics,
  RetryBudgetMetrics,
  RetryMetrics,
  ScopeMetrics,
  TimeoutMetrics,
} from './patterns/metrics.ts'
export type { CommonOptions, ScopeOptions } from './patterns/options.ts'
export type { Action, Call, CallOptions, Classify, Outcome, Report, Verdict } from './patterns/pipeline/call.ts'
export { pipeline } from './patterns/pipeline/compose.ts'
export type { AnyStrategy, Pipeline, PipelineOptions } from './patterns/pipeline/pipeline.ts'
export type { StandardOptions } from './patterns/pipeline/standard.ts'
export type { Strategy } from './patterns/pipeline/strategy.ts'
export { type RateLimiter, type RateLimiterOptions, rateLimiter } from './patterns/rate-limiter/rate-limiter.ts'
export {
  isResilienceError,
  type RejectionCode,
  type ResilienceCode,
  ResilienceError,
} from './patterns/resilience-error.ts'
export {
  type Backoff,
  constantBackoff,
  type ExponentialBackoffOptions,
  exponentialBackoff,
} from './patterns/retry/backoff.ts'
export type { ClassicRetryOptions, RetryOptions } from './patterns/retry/options.ts'
export { type Retry, retry } from './patterns/retry/retry.ts'
export { type RetryBudget, type RetryBudgetOptions, retryBudget } from './patterns/retry/retry-budget.ts'
export type { StrategyKind } from './patterns/strategy-kind.ts'
export type { TimeoutMode } from './patterns/timeout/deadline-layer.ts'
export { type Timeout, type TimeoutOptions, timeout } from './patterns/timeout/timeout.ts'
