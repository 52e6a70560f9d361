// Takes away what shows that the agent was preloaded: from what the app reads, and from what it hands on. child_process.fork()
// and spawn() of the app pass process.execArgv on, so the app's own processes must not find the agent in it.
// Threads inherit --require from inside Node whatever we do; there the agent hides as well, and does nothing else.

import Module from 'node:module'

/** What node:module keeps of what was loaded (lib/internal/modules/cjs/loader.js). */
interface ModuleTraces {
  readonly _cache?: Record<string, unknown>
  readonly _pathCache?: Record<string, string>
}

/** `agentPath`: as Node was given it, which is the agent's own file name. */
export function hideAgent(agentPath: string): void {
  withoutPreload(process.execArgv, agentPath)
  const preloads = (process as { _preload_modules?: readonly string[] })._preload_modules
  if (Array.isArray(preloads)) {
    // A copy: Node is walking through the original right now, and would skip the app's own first preload.
    Object.defineProperty(process, '_preload_modules', { value: preloads.filter((path) => path !== agentPath) })
  }
  const { _cache: loaded = {}, _pathCache: paths = {} } = Module as ModuleTraces
  delete loaded[agentPath]
  for (const key of Object.keys(paths)) if (paths[key] === agentPath) delete paths[key]
}

/** Removes `--require <agentPath>` in all its spellings, in place: whoever holds the array sees it gone. */
export function withoutPreload(execArgv: string[], agentPath: string): string[] {
  for (let i = execArgv.length - 1; i >= 0; i--) {
    const flag = execArgv[i]
    const isPair = (flag === '--require' || flag === '-r') && execArgv[i + 1] === agentPath
    if (isPair) execArgv.splice(i, 2)
    else if (flag === `--require=${agentPath}`) execArgv.splice(i, 1)
  }
  return execArgv
}
