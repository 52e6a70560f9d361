// How a worker ended, as a clause that fits behind its name: "web:2 (pid 4121) …".

import { assertNever } from '../errors.ts'
import type { ExitDetails } from './exit.ts'
import { duration } from './words.ts'

export function exitWords(exit: ExitDetails): string {
  const after = duration(exit.uptimeMs)
  switch (exit.kind) {
    case 'planned':
      return `ended as planned after ${after}`
    case 'clean':
      return exit.errorCode === null
        ? `ended by itself with code 0 after ${after}`
        : `ended with code 0 after ${after}; ${listenWords(exit)}`
    case 'code':
    case 'signal':
      return `${causeOf(exit)} after ${after}`
    case 'oom':
      return `was killed for want of memory (${exit.signal ?? 'OOM'}) after ${after}`
    case 'boot-failure':
      return `failed to boot: ${bootCauseOf(exit)} after ${after}`
    case 'boot-timeout':
      return `was not ready in time and was ended after ${after}`
    case 'hang':
      return `did not respond and was killed after ${after}`
    case 'memory':
      return `was ended for using too much memory, after ${after}`
    case 'unhealthy':
      return `was ended for being unwell, after ${after}`
    case 'fork-failed':
      return `could not be forked${exit.errorCode === null ? '' : ` (${exit.errorCode})`}`
    default:
      return assertNever(exit.kind)
  }
}

function causeOf({ code, signal }: ExitDetails): string {
  return signal === null ? `exited with code ${code ?? 'unknown'}` : `was killed by ${signal}`
}

function bootCauseOf(exit: ExitDetails): string {
  return exit.errorCode === null ? causeOf(exit) : `${listenWords(exit)} and ${causeOf(exit)}`
}

function listenWords({ errorCode, port }: ExitDetails): string {
  return `${port === null ? 'it could not listen' : `it could not listen on port ${port}`} (${errorCode})`
}

/** What a person can do about it; empty where only the app's own output knows. */
export function exitCure({ kind, errorCode }: ExitDetails): string {
  switch (kind) {
    case 'oom':
      return 'raise the memory limit, start fewer workers, or look for a leak'
    case 'boot-timeout':
      return 'raise ready.timeout, or find what it waits for'
    case 'clean':
      return errorCode === null ? 'set restart.policy to on-failure where ending is meant' : ''
    case 'memory':
      return 'raise watchdogs.memory, or look for a leak'
    case 'hang':
      return 'look for a synchronous call or a loop that takes long'
    case 'fork-failed':
      return forkCure(errorCode)
    case 'planned':
    case 'code':
    case 'signal':
    case 'boot-failure':
    case 'unhealthy':
      return ''
    default:
      return assertNever(kind)
  }
}

function forkCure(errorCode: string | null): string {
  switch (errorCode) {
    case 'ENOMEM':
      return 'free memory, or start fewer workers'
    case 'EMFILE':
    case 'ENFILE':
      return 'raise the limit on open files (ulimit -n)'
    case 'ENOENT':
      return 'its cwd, or node itself, is gone: put it back, or change cwd'
    case 'EACCES':
      return 'its cwd may not be entered by this user: change its mode, or cwd'
    case 'E2BIG':
      return 'its env or args are too large: Linux takes 128 KiB for each value'
    case 'ERR_INVALID_ARG_VALUE':
      return 'its args or its environment hold what no process can be given, such as a NUL character: mend them'
    default:
      return 'raise the limit on processes (ulimit -u, pids.max), or start fewer workers'
  }
}
