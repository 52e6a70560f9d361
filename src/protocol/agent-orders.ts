// What the agent has to know before the app's first line runs, and so before any message could reach it. It travels in one
// environment variable, which the agent takes away at preload: the app never sees it, nor does what the app starts.

export const AGENT_ORDERS = 'RESIL_AGENT_ORDERS'

export interface AgentOrders {
  /** Its listen() waits until it is promoted. */
  readonly standby?: true
  /** It starts a thread of its own, for which THREAD_FD is. */
  readonly thread?: true
  /** What the person calls the entry, where that is a symbolic link and not its real path. */
  readonly entryName?: string
}
