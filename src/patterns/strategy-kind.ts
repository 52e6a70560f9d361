// The kinds of strategy, as they appear in errors, events and metrics.

export type StrategyKind =
  | 'pipeline'
  | 'circuitBreaker'
  | 'retry'
  | 'bulkhead'
  | 'timeout'
  | 'fallback'
  | 'rateLimiter'
  | 'hedge'
  | 'adaptiveLimiter'
  | 'chaos'
