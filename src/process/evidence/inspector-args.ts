// Which flags let resil open a worker's inspector when it needs it, and keep a user's own inspector as it was asked for. Pure.
// Node: lib/internal/cluster/primary.js adds `--inspect-port` by `inspectPort` where it sees any flag of the inspector.

export interface InspectorArgs {
  readonly nodeArgs: readonly string[]
  /** For setupPrimary. */
  readonly inspectPort: number | undefined
  /** The port that the user asked for; null: none was. */
  readonly usersPort: number | null
}

const DEFAULT_PORT = 9229
const FLAG = /^--(?:inspect(?:-brk|-wait|-port)?|debug-port)(?:=(.*))?$/
/** Taken out of process.execArgv again by agent/hide.ts. */
export const HOST_AND_PORT = '--inspect-port=127.0.0.1:0'

export function inspectorArgs(options: {
  readonly nodeArgs: readonly string[]
  readonly nodeOptions: string | undefined
  /** They are the supervisor's own too, which then listens on the port itself. */
  readonly inherited: boolean
  /** Each worker has a port of its own: the user's, plus its slot; any free one where it has no slot yet. */
  readonly slot: number | null
  readonly captured: boolean
}): InspectorArgs {
  const fromOptions = portAsked(options.nodeOptions?.split(/\s+/) ?? [])
  const fromArgs = portAsked(options.nodeArgs)
  const usersPort = fromArgs ?? fromOptions
  if (usersPort !== null) {
    const first = fromArgs === null && options.inherited ? usersPort + 1 : usersPort
    const inspectPort = usersPort === 0 || options.slot === null ? 0 : first + options.slot
    return { nodeArgs: options.nodeArgs, inspectPort, usersPort: inspectPort }
  }
  // Any free port, on loopback, and only when SIGUSR1 asks. Whoever knows the session's id may run code in the worker, so where
  // stderr is ours to read it is written there and nowhere else; else the port itself has to tell it.
  const publish = options.captured ? 'stderr' : 'http'
  return {
    nodeArgs: [HOST_AND_PORT, `--inspect-publish-uid=${publish}`, ...options.nodeArgs],
    inspectPort: 0,
    usersPort: null,
  }
}

/** The last one wins, as in Node. */
function portAsked(flags: readonly string[]): number | null {
  let port: number | null = null
  for (const flag of flags) {
    const match = FLAG.exec(flag)
    if (match === null) continue
    const digits = /(?:^|:)(\d+)$/.exec(match[1] ?? '')?.[1]
    port = digits === undefined ? (port ?? DEFAULT_PORT) : Number(digits)
  }
  return port
}
