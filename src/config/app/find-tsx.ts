// How a TypeScript entry runs: by Node itself where it can, else through the project's own tsx.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runsTypeScript, TYPESCRIPT_FILE } from './node-version.ts'

export type TypeScriptSupport = { readonly nodeArgs: readonly string[] } | { readonly problem: string }

/** Flags by which a person brings a loader of their own. */
const LOADER_FLAGS = /^(--import|--loader|--experimental-loader|--require|-r)(=|$)/

/** What node needs on top of the app's own flags to run `script`. */
export function supportTypeScript(
  script: string,
  options: { readonly nodeArgs: readonly string[]; readonly dir: string; readonly nodeVersion: string },
): TypeScriptSupport {
  if (!TYPESCRIPT_FILE.test(script) || options.nodeArgs.some((flag) => LOADER_FLAGS.test(flag))) return { nodeArgs: [] }
  // Node strips types but does not compile JSX.
  if (runsTypeScript(options.nodeVersion) && !script.endsWith('x')) return { nodeArgs: [] }
  try {
    const tsx = createRequire(join(options.dir, 'resolve-from-here.js')).resolve('tsx')
    return { nodeArgs: ['--import', pathToFileURL(tsx).href] }
  } catch {
    const version = options.nodeVersion.replace(/^v/, '')
    return {
      problem: `Node ${version} can't run ${script.endsWith('x') ? 'TSX' : 'TypeScript'} by itself; run "npm install tsx" in the project${script.endsWith('x') ? '' : ', or use Node 22.18 or later'}`,
    }
  }
}
