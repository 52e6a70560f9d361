// Exceptions that node:cluster's primary throws by itself when a worker dies at a bad moment. They harm nothing but the peace of
// whoever reads them, since resil learns of the exit before them (process/worker-handle.ts).
//
// - The last worker dies while its server is still being bound (a listen on a host name waits for DNS): RoundRobinHandle.remove
//   closes a handle that is still null. Node: lib/internal/cluster/round_robin_handle.js, `this.handle.close()`.
// - After that the key is still in the map, and removeWorker asserts that it is empty. Node: lib/internal/cluster/primary.js.

export function isKnownClusterFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { stack = '', message } = error
  if (!stack.includes('node:internal/cluster/')) return false
  return (
    (stack.includes('RoundRobinHandle.remove') && message.includes("reading 'close'")) ||
    message.includes('Resource leak detected')
  )
}
