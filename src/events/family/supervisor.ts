// What happens to the supervisor itself: its start and stop, its output, log and ports.

export type SupervisorEvent =
  | {
      readonly type: 'supervisor.started'
      readonly name: string
      readonly pid: number
      readonly version: string
      readonly node: string
      readonly apps: readonly {
        readonly name: string
        readonly script: string
        readonly instances: number
        readonly reason: string
      }[]
      readonly socket: string | null
    }
  | {
      readonly type: 'supervisor.signalled'
      readonly signal: string
      readonly action: 'stop' | 'stop-again' | 'force-stop' | 'reload' | 'scale-up' | 'scale-down' | 'ignored'
    }
  | {
      readonly type: 'supervisor.stopping'
      readonly cause: string
      readonly deadlineMs: number
      readonly forced: boolean
    }
  | { readonly type: 'supervisor.stopped'; readonly exitCode: number; readonly cause: string }
  /** It did not run for so long (stopped, paused, starved of CPU): nobody else is blamed for that time. */
  | { readonly type: 'supervisor.overslept'; readonly lateMs: number }
  /** It has so many descriptors open, of as many as it may have: it can take no more connections and start no more workers. */
  | { readonly type: 'supervisor.shortOfDescriptors'; readonly open: number; readonly limit: number }
  | { readonly type: 'supervisor.faulted'; readonly message: string; readonly stack: string | null }
  | { readonly type: 'invariant.violated'; readonly invariant: number; readonly message: string }
  | {
      readonly type: 'output.dropped'
      readonly bytes: number
      readonly lines: number
      /** stdout, stderr, or the log file's path. */
      readonly to: string
      /** Such as ENOSPC; null: the reader was too slow. */
      readonly error: string | null
    }
  | { readonly type: 'log.rotationFailed'; readonly file: string; readonly error: string }
  /** Workers of an earlier supervisor that was killed; they had outlived it. */
  | { readonly type: 'orphans.ended'; readonly pids: readonly number[] }
  | { readonly type: 'control.recreated'; readonly socket: string }
  | { readonly type: 'admin.listening'; readonly host: string; readonly port: number }
  | {
      readonly type: 'admin.listenFailed'
      readonly host: string
      readonly port: number
      /** Such as EADDRINUSE. */
      readonly code: string
      /** Who holds the port, where that can be told. */
      readonly owner: string | null
      readonly retryInMs: number
    }
  /** Something that the person who starts should know: a sentence, since it comes from checks and not from the core. */
  | { readonly type: 'supervisor.warned'; readonly message: string }
