// A conversation with a worker's inspector in the Chrome DevTools protocol: questions, answers, notices. What is asked, and
// for what, is blocked-stack.ts and spinning-profile.ts.

import { connectWebSocket } from './web-socket.ts'

export interface InspectorSession {
  /** Rejects with what the inspector says against it, or when the connection ends first. */
  ask(method: string, params?: object): Promise<unknown>
  /** Is called for each notice of that name from now on. */
  on(method: string, listener: (params: unknown) => void): void
  readonly closed: Promise<void>
  close(): void
}

interface Incoming {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message?: string }
}

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export async function openInspectorSession(url: string, signal: AbortSignal): Promise<InspectorSession> {
  const pending = new Map<number, Pending>()
  const listeners = new Map<string, (params: unknown) => void>()
  let lastId = 0

  const socket = await connectWebSocket(url, { onMessage, signal })
  void socket.closed.then(() => {
    for (const { reject } of pending.values()) reject(new Error('the inspector closed the connection'))
    pending.clear()
  })

  function onMessage(text: string): void {
    const { id, method, params, result, error } = parse(text)
    if (method !== undefined) listeners.get(method)?.(params)
    if (id === undefined) return
    const waiting = pending.get(id)
    pending.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(error.message ?? 'the inspector refused'))
  }

  return {
    ask: (method, params = {}) =>
      new Promise((resolve, reject) => {
        lastId += 1
        pending.set(lastId, { resolve, reject })
        socket.send(JSON.stringify({ id: lastId, method, params }))
      }),
    on: (method, listener) => void listeners.set(method, listener),
    closed: socket.closed,
    close: socket.close,
  }
}

function parse(text: string): Incoming {
  try {
    return JSON.parse(text) as Incoming
  } catch {
    return {}
  }
}
