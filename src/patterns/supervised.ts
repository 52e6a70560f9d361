// The supervisor above this process, where there is one: what it forbids, and what it wants to know. Read off what the agent
// leaves in the process, so that this library loads nothing and works the same without.

import { AGENT_HANDLE, type AgentHandle, type WatchedHealth, type WatchedStrategy } from '../protocol/agent-handle.ts'

/** The agent may be of another version of resil, and know less. */
function agent(): Partial<AgentHandle> | undefined {
  return (globalThis as { [AGENT_HANDLE]?: Partial<AgentHandle> })[AGENT_HANDLE]
}

/** Under a supervisor only where its config says so (`chaos.allowed`), whatever the code or the environment wants. */
export function chaosAllowed(): boolean {
  const above = agent()
  return above === undefined || above.chaosAllowed === true
}

/** For strategies that the program has named: a number would tell nobody which one is open. */
export function tellSupervisor(strategy: WatchedStrategy): void {
  agent()?.watch?.(strategy)
}

/** Probes over ipc ask the registry. Returns the way to take it back. */
export function tellHealth(registry: WatchedHealth): () => void {
  return agent()?.watchHealth?.(registry) ?? (() => {})
}
