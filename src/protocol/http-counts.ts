// What a worker counts of its HTTP traffic. The agent counts, the supervisor adds up, /metrics shows; all agree here on the form.
// No schema library: the agent loads this into the app.

/** By the first digit of the status. */
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** Upper bounds in seconds, as OpenTelemetry advises for http.server.request.duration; what took longer is in one more bucket. */
export const DURATION_BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/** Totals since the worker began, except for `inHand`. */
export interface HttpCounts {
  /** Requests that wait for the end of their response, now. */
  readonly inHand: number
  /** Sent to their end, by class of status, in the order of STATUS_CLASSES. */
  readonly responses: readonly number[]
  /** The connection went before the response was through. */
  readonly aborted: number
  /** Of the responses that were sent to their end, how many fell into each bucket (not cumulative), and all of their time. */
  readonly durations: readonly number[]
  readonly durationSumMs: number
}
