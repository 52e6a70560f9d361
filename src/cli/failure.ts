// What went wrong, for the person who typed: one line on stderr with the fix, more lines only where they help, and the exit code.

import type { CommanderError } from 'commander'
import { messageOf, type ResilError, type ResilErrorCode } from '../errors.ts'
import { EXIT, exitCodeOf } from '../exit-codes.ts'

export interface Failure {
  readonly exitCode: number
  /** For programs: a ResilError's own. */
  readonly code: ResilErrorCode
  /** Without newlines. */
  readonly lines: readonly string[]
}

/** `command`: what was typed first, for the pointer to its help. */
export function failureOf(error: unknown, command: string | undefined): Failure {
  if (isCommanderError(error)) return usageFailure(error, command)
  if (isResilError(error)) {
    return {
      exitCode: exitCodeOf(error.code),
      code: error.code,
      lines: [`resil: ${messageOf(error)}`, ...error.details],
    }
  }
  const shortage = shortageOf(error)
  if (shortage !== null) return { exitCode: EXIT.failed, code: 'RESIL_INTERNAL', lines: [`resil: ${shortage}`] }
  // Nobody's typing: the stack is what a report needs.
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : []
  return {
    exitCode: EXIT.failed,
    code: 'RESIL_INTERNAL',
    lines: [`resil: internal error: ${messageOf(error)}; this is a bug in resil, please report it`, ...stack],
  }
}

/** The same for whoever asked with --json: one line, since of `logs` each line is a document. The admin port's errors look alike. */
export function failureAsJson({ code, exitCode, lines }: Failure, besides: object = {}): string {
  const [message = '', ...details] = lines.map((line) => line.replace(/^resil: /, ''))
  return `${JSON.stringify({ ...besides, error: { code, message, details, exitCode } })}\n`
}

/** Help and version end by an "error" too, with code 0, and have been printed. */
function usageFailure({ exitCode, code, message }: CommanderError, command: string | undefined): Failure {
  if (exitCode === 0) return { exitCode: EXIT.ok, code: 'RESIL_USAGE', lines: [] }
  const said = message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace('(Did you mean', '(did you mean')
    .replace(/\.$/, '')
  const more = code === 'commander.excessArguments' && command === 'start' ? '; arguments for the app go after --' : ''
  const known = command !== undefined && !command.startsWith('-') && code !== 'commander.unknownCommand'
  const help = `see \`resil ${known ? `${command} ` : ''}--help\``
  return { exitCode: EXIT.usage, code: 'RESIL_USAGE', lines: [`resil: ${said}${more}; ${help}`] }
}

/** What resil itself has open before its first worker starts is about 40. */
function shortageOf(error: unknown): string | null {
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'EMFILE':
      return `there are not enough file descriptors (EMFILE): ${allowed()}, and resil needs about 45, four more for each worker; raise the limit: \`ulimit -n 1024\` in a shell, LimitNOFILE=1024 in a systemd unit, docker run --ulimit nofile=1024`
    case 'ENFILE':
      return 'the machine has no file descriptors left (ENFILE): end what has too many open, or raise fs.file-max'
    default:
      return null
  }
}

function allowed(): string {
  // The one way to the number that takes no descriptor.
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? `this process may have ${soft} files open at once` : 'the limit is too low'
}

/** By name, not by class: light commands and the rest are two bundles, each with a class of its own. */
function isResilError(error: unknown): error is ResilError {
  return error instanceof Error && error.name === 'ResilError'
}

/** By its code: the class itself would bring all of commander along, and light commands do without. */
function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
}
