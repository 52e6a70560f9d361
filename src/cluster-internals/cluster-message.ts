// Node's own messages between a cluster's primary and its workers, as far as this folder reads them.
// Node: lib/internal/cluster/utils.js (sendHelper, internal), primary.js (onmessage), round_robin_handle.js (handoff).

export interface ClusterMessage {
  readonly cmd?: unknown
  readonly act?: unknown
  /** Of a question; its answer carries the same number as `ack`. */
  readonly seq?: number
  readonly ack?: number
  /** In the answer to `newconn`: whether the worker took the connection. */
  readonly accepted?: boolean
  /** Name of a listening handle: in the answer to `queryServer`, in `newconn` and in `close`. */
  readonly key?: string
  /** In the answer to `queryServer`: why there is no handle. */
  readonly errno?: number | null
  readonly address?: unknown
  readonly port?: unknown
  readonly addressType?: unknown
  readonly fd?: unknown
  readonly index?: unknown
}

export function isClusterMessage(message: unknown): message is ClusterMessage {
  return typeof message === 'object' && message !== null && (message as ClusterMessage).cmd === 'NODE_CLUSTER'
}

/** Where the peer is, as getpeername() tells it. */
export interface PeerName {
  address?: string
  family?: string
  port?: number
}

/** A native TCP or pipe handle (tcp_wrap, pipe_wrap), listening or accepted. */
export interface NativeHandle {
  close(done?: () => void): void
  onconnection?: (error: number, connection: NativeHandle) => void
  /** Of TCP only. */
  getpeername?(out: PeerName): number
}

/** A native handle that was bound, whether it listens or not. */
export interface ListeningHandle extends NativeHandle {
  listen(backlog: number): number
  /** Of TCP only. */
  getsockname?(out: PeerName): number
}
