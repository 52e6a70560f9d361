// The one table of exit codes: code, --help and docs all print it from here.

import type { ResilErrorCode } from './errors.ts'

/** Numbers follow sysexits.h where it has a word for the case. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  noSupervisor: 69,
  exhausted: 70,
  reloadFailed: 75,
  notPermitted: 77,
  config: 78,
} as const

export const EXIT_CODE_TABLE: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done; a graceful stop'],
  ['1', 'the app never became ready, or failed for good'],
  ['64', 'usage: a wrong option, argument or target'],
  ['69', 'no supervisor answers'],
  ['70', 'gave up after exhausting restarts'],
  ['75', 'reload failed and was rolled back'],
  ['77', 'not permitted'],
  ['78', 'config: a wrong file, field or value'],
  ['128+n', 'ended by signal n (a forced stop)'],
]

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 }

/** 128+n, as a shell reports it; 0 where the cause was no signal but a request. */
export function signalExitCode(cause: string): number {
  const number = SIGNAL_NUMBERS[cause]
  return number === undefined ? EXIT.ok : 128 + number
}

export function exitCodeOf(code: ResilErrorCode): number {
  switch (code) {
    case 'RESIL_USAGE':
    case 'RESIL_AMBIGUOUS':
    case 'RESIL_ALREADY_RUNNING':
    case 'RESIL_UNKNOWN_TARGET':
      return EXIT.usage
    case 'RESIL_CONFIG':
      return EXIT.config
    case 'RESIL_NO_SUPERVISOR':
      return EXIT.noSupervisor
    case 'RESIL_NOT_PERMITTED':
      return EXIT.notPermitted
    case 'RESIL_RELOAD_FAILED':
    case 'RESIL_BUSY':
      return EXIT.reloadFailed
    case 'RESIL_BAD_REQUEST':
    case 'RESIL_NEVER_READY':
    case 'RESIL_TIMEOUT':
    case 'RESIL_INTERNAL':
      return EXIT.failed
  }
}
