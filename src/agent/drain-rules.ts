// When a draining worker does what to which connection. Pure: what was seen of a connection and the time, to an action.
//
// - A connection on which nothing was ever sent is a browser's spare one, a load balancer's, or one whose first request is
//   still on its way. It gets half a second for its first byte: more than a round trip to anywhere. A client that finds it
//   closed before it sent anything may safely use another one, and browsers do so without a word.
// - An idle keep-alive connection is left to its next request, whose answer says `Connection: close`: closing it at once would
//   lose a request that is already in the kernel's buffer. It gets `idleWaitMs`.
// - A request in hand, or half of one, is left alone until the deadline.
// - A WebSocket is told to go (close code 1001) as soon as it is one, and hung up on if it ignores that for `idleWaitMs`.
// - Of any other protocol nothing is known, so its connections are left alone until the deadline.

import type { DrainNotice } from '../protocol/agent-handle.ts'

/** All from the begin of the drain. */
export interface DrainTimes {
  readonly silentWaitMs: number
  readonly idleWaitMs: number
  /** What is still open is cut off, so that the worker can end in order just before the supervisor's deadline. */
  readonly cutAtMs: number
}

export interface DrainRequest extends DrainNotice {
  readonly idleWaitMs: number
}

/** Seen from outside, at one moment. */
export type ConnectionView =
  | { readonly kind: 'silent' }
  | { readonly kind: 'http' }
  | { readonly kind: 'websocket'; readonly open: boolean; readonly told: boolean }
  | { readonly kind: 'other' }

export type ConnectionAction = 'leave' | 'tell-going-away' | 'hang-up' | 'destroy'

const LONGEST_SILENT_WAIT_MS = 500
/** Room for bye, pong and the app's own signal handler. */
const LONGEST_RESERVE_MS = 500
const RESERVED_SHARE = 0.1

export function drainTimes({ deadlineMs, idleWaitMs }: DrainRequest): DrainTimes {
  const cutAtMs = deadlineMs - Math.min(LONGEST_RESERVE_MS, deadlineMs * RESERVED_SHARE)
  const idle = Math.min(idleWaitMs, cutAtMs)
  return { cutAtMs, idleWaitMs: idle, silentWaitMs: Math.min(LONGEST_SILENT_WAIT_MS, idle) }
}

/** A second request, such as a stop during a reload, can only hurry the first. */
export function hurriedTimes(current: DrainTimes, request: DrainRequest, elapsedMs: number): DrainTimes {
  const next = drainTimes(request)
  return {
    cutAtMs: Math.min(current.cutAtMs, elapsedMs + next.cutAtMs),
    idleWaitMs: Math.min(current.idleWaitMs, elapsedMs + next.idleWaitMs),
    silentWaitMs: Math.min(current.silentWaitMs, elapsedMs + next.silentWaitMs),
  }
}

export function actionFor(view: ConnectionView, elapsedMs: number, times: DrainTimes): ConnectionAction {
  if (elapsedMs >= times.cutAtMs) return 'destroy'
  switch (view.kind) {
    case 'silent':
      return elapsedMs >= times.silentWaitMs ? 'destroy' : 'leave'
    case 'websocket':
      if (!view.open) return 'leave'
      if (!view.told) return 'tell-going-away'
      return elapsedMs >= times.idleWaitMs ? 'hang-up' : 'leave'
    case 'http':
    case 'other':
      return 'leave'
  }
}
