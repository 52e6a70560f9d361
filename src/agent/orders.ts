// Reads the supervisor's orders (protocol/agent-orders.ts), and leaves no trace of them.

import { AGENT_ORDERS, type AgentOrders } from '../protocol/agent-orders.ts'

/** Empty where there are none, or where they can't be read: an app that sets such a variable itself must not break. */
export function takeOrders(): AgentOrders {
  const text = process.env[AGENT_ORDERS]
  if (text === undefined) return {}
  delete process.env[AGENT_ORDERS]
  try {
    const orders: unknown = JSON.parse(text)
    return typeof orders === 'object' && orders !== null ? orders : {}
  } catch {
    return {}
  }
}
