// What kind of failure an unplanned exit was, by how the process ended and by its last words, and what those words point at.
// Closer to the end counts more: what was logged an hour ago has not killed it.

import type { ExitDetails } from '../events/exit.ts'
import type { IncidentKind } from '../events/incident-kind.ts'
import type { LogLine } from '../protocol/control.ts'

export interface Classified {
  readonly kind: IncidentKind
  readonly hint: string | null
}

/** A stack trace with its error object fits; older lines are work and not last words. */
const LAST_WORDS = 40

export function classifyExit(exit: ExitDetails, lines: readonly LogLine[]): Classified {
  const ended = ENDED_BY_RESIL[exit.kind]
  if (ended !== undefined) return { kind: ended, hint: null }
  const words = lines.slice(-LAST_WORDS).map(({ text }) => text)
  const byExit = kindByExit(exit)
  const byWords = fromWords(words)
  const headline = byWords?.hint ?? errorLine(words) ?? hintBySignal(exit)
  if (byExit !== null)
    return { kind: byExit, hint: byWords?.kind === byExit ? byWords.hint : (errorLine(words) ?? null) }
  if (byWords?.kind !== undefined) return { kind: byWords.kind, hint: byWords.hint }
  return { kind: isBoot(exit) ? 'boot-failure' : 'crash', hint: headline }
}

/** The watchdog has told why; the last words of a worker that is ended say nothing about it. */
const ENDED_BY_RESIL: { readonly [K in ExitDetails['kind']]?: IncidentKind } = {
  hang: 'hang',
  memory: 'memory-growth',
  unhealthy: 'probe-failed',
}

/** What the exit alone proves; null: nothing. */
function kindByExit({ kind, errorCode }: ExitDetails): IncidentKind | null {
  if (kind === 'oom') return 'oom'
  switch (errorCode) {
    case 'EADDRINUSE':
      return 'port-conflict'
    case 'EMFILE':
    case 'ENFILE':
      return 'fd-exhaustion'
    case 'ENOMEM':
      return 'oom'
    default:
      return null
  }
}

function isBoot({ kind }: ExitDetails): boolean {
  return kind === 'boot-failure' || kind === 'boot-timeout' || kind === 'fork-failed'
}

interface Reading {
  readonly pattern: RegExp
  /** Absent: still an ordinary crash, with a hint. */
  readonly kind?: IncidentKind
  readonly hint: (found: RegExpExecArray) => string
}

/** In each line the first that matches counts, and the line nearest to the end. */
const READINGS: readonly Reading[] = [
  {
    pattern: /\b(?:heap out of memory|Reached heap limit|invalid table size Allocation failed)\b/i,
    kind: 'oom',
    hint: () => "V8's own heap limit was reached (--max-old-space-size), not the machine's memory",
  },
  {
    pattern: /\bENOSPC\b.*\bwatch/i,
    hint: () =>
      'the limit on inotify watches was reached, not the disk: raise fs.inotify.max_user_watches, or watch fewer files',
  },
  {
    pattern: /\b(ENOSPC|EDQUOT)\b(?:.*?'([^']+)')?/,
    kind: 'disk-full',
    hint: ([, code, path]) => `no space was left${path === undefined ? '' : ` to write ${path}`} (${code})`,
  },
  {
    pattern: /\b(EMFILE|ENFILE)\b/,
    kind: 'fd-exhaustion',
    hint: ([, code]) => `it could open no more files or sockets (${code})`,
  },
  {
    pattern: /\b(EADDRINUSE)\b(?:.*?address already in use ([^\s,'"]+))?/,
    kind: 'port-conflict',
    hint: ([, , address]) => `${address ?? 'its address'} is in use already (EADDRINUSE)`,
  },
  {
    pattern: /\b(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b(?: ([\w.:[\]-]+:\d+|\/[^\s,'"]+))?/,
    hint: ([, code = '', address]) =>
      `a dependency${address === undefined ? '' : ` at ${address}`} ${REFUSALS[code]} (${code})`,
  },
  {
    pattern: /\b(ENOTFOUND|EAI_AGAIN)\b(?: ([\w.-]+))?/,
    hint: ([, code, host]) =>
      `the name of a dependency${host === undefined ? '' : `, ${host},`} could not be looked up (${code})`,
  },
  {
    pattern: /Cannot find (?:module|package) '([^']+)'/,
    hint: ([, name]) => `${name} is missing: is the release complete, and was npm ci run?`,
  },
]

const REFUSALS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'cut the connection',
  ETIMEDOUT: 'did not answer in time',
  EHOSTUNREACH: 'could not be reached',
  ENETUNREACH: 'could not be reached',
}

function fromWords(
  words: readonly string[],
): { readonly kind: IncidentKind | undefined; readonly hint: string } | null {
  const mentions = words.toReversed().flatMap((line) => {
    for (const { pattern, kind, hint } of READINGS) {
      const found = pattern.exec(line)
      if (found !== null) return [{ code: found[1], kind, hint: hint(found), detailed: found.slice(2).some(Boolean) }]
    }
    return []
  })
  const [last] = mentions
  if (last === undefined) return null
  // Node prints an error twice: its message, then its fields. The message names the address or the file.
  return mentions.find(({ code, detailed }) => code === last.code && detailed) ?? last
}

/** "TypeError: x is not a function": the last error that is named with a message. */
function errorLine(words: readonly string[]): string | null {
  const line = words.findLast((text) => /^\s*(?:Uncaught )?[\w.]*(?:Error|Exception)\b[^:]*: \S/.test(text))
  return line === undefined ? null : line.trim().slice(0, MAX_HINT)
}

const MAX_HINT = 300

function hintBySignal({ signal, code }: ExitDetails): string | null {
  switch (signal) {
    case 'SIGKILL':
      return "somebody killed it from outside: a person, a script, or the kernel's own out-of-memory killer"
    case 'SIGSEGV':
    case 'SIGBUS':
    case 'SIGILL':
      return 'native code crashed: an addon, or node itself'
    case null:
      return code === 137 ? 'a process inside it was killed with SIGKILL (137)' : null
    default:
      return null
  }
}
