// Takes away what shows that the agent was preloaded: from what the app reads, and from what it hands on. child_process.fork()
// and spawn() of the app pass process.execArgv on, so the app's own processes must not find the agent in it.
// Threads inherit --require from inside Node whatever we do; there the agent hides as well, and does nothing else.

import { realpathSync } from 'node:fs'
import Module from 'node:module'
import { isAbsolute } from 'node:path'
import { HEAP_FLAG, REPORT_FLAGS } from '../protocol/agent-command.ts'

/** What node:module keeps of what was loaded (lib/internal/modules/cjs/loader.js). */
interface ModuleTraces {
  readonly _cache?: Record<string, unknown>
  readonly _pathCache?: Record<string, string>
}

/** `agentPath`: the agent's own file name, which Node has freed of symbolic links. */
export function hideAgent(agentPath: string): void {
  withoutPreload(process.execArgv, agentPath)
  withoutInspectorFlags(process.execArgv)
  const preloads = (process as { _preload_modules?: readonly string[] })._preload_modules
  if (Array.isArray(preloads)) {
    // A copy: Node is walking through the original right now, and would skip the app's own first preload.
    Object.defineProperty(process, '_preload_modules', {
      value: preloads.filter((path) => !isSameFile(path, agentPath)),
    })
  }
  const { _cache: loaded = {}, _pathCache: paths = {} } = Module as ModuleTraces
  delete loaded[agentPath]
  for (const key of Object.keys(paths)) if (paths[key] === agentPath) delete paths[key]
}

/** Removes `--require <agentPath>` in all its spellings and resil's other flags before it, in place: whoever holds the array sees it gone. */
export function withoutPreload(execArgv: string[], agentPath: string): string[] {
  for (let i = execArgv.length - 1; i >= 0; i--) {
    const [flag = '', ...inline] = execArgv[i]?.split('=') ?? []
    const path = inline.length > 0 ? inline.join('=') : execArgv[i + 1]
    const words = inline.length > 0 ? 1 : 2
    if ((flag !== '--require' && flag !== '-r') || !isSameFile(path, agentPath)) continue
    let first = i
    while (isOurs(execArgv[first - 1])) first -= 1
    execArgv.splice(first, i + words - first)
  }
  return execArgv
}

function isOurs(flag = ''): boolean {
  return flag.startsWith(HEAP_FLAG) || REPORT_FLAGS.some((own) => own === flag.split('=')[0])
}

const HOST_AND_PORT = '--inspect-port=127.0.0.1:0'
const PUBLISH = /^--inspect-publish-uid=(?:stderr|http)$/

/** Removes what process/evidence/inspector-args.ts put before the user's flags, and node:cluster's answer to it after them. In place. */
export function withoutInspectorFlags(execArgv: string[]): string[] {
  const at = execArgv.indexOf(HOST_AND_PORT)
  if (at === -1 || !PUBLISH.test(execArgv[at + 1] ?? '')) return execArgv
  execArgv.splice(at, 2)
  if (execArgv.at(-1) === '--inspect-port=0') execArgv.pop()
  return execArgv
}

function isSameFile(path: string | undefined, realPath: string): boolean {
  if (path === realPath) return true
  try {
    return path !== undefined && isAbsolute(path) && realpathSync(path) === realPath
  } catch {
    // Something else, that Node resolves in its own way.
    return false
  }
}
