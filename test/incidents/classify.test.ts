import { expect, test } from 'vitest'
import type { ExitDetails } from '../../src/events/exit.ts'
import type { IncidentKind } from '../../src/events/incident-kind.ts'
import { classifyExit } from '../../src/incidents/classify.ts'
import { exit, lines } from './story.ts'

type Row = readonly [
  what: string,
  exit: Partial<ExitDetails>,
  words: readonly string[],
  IncidentKind,
  hint: string | null,
]

const uncaught = (message: string, ...fields: string[]): string[] => [
  'node:events:497',
  '      throw er; // Unhandled error event',
  '      ^',
  '',
  message,
  '    at Object.<anonymous> (/app/server.js:3:7)',
  ...fields,
  '',
  'Node.js v20.20.2',
]

const rows: readonly Row[] = [
  ['nothing said', {}, [], 'crash', null],
  ['a thrown error', {}, uncaught('TypeError: x is not a function'), 'crash', 'TypeError: x is not a function'],
  [
    'a failed boot',
    { kind: 'boot-failure' },
    uncaught('Error: no DATABASE_URL'),
    'boot-failure',
    'Error: no DATABASE_URL',
  ],
  ['never ready', { kind: 'boot-timeout' }, [], 'boot-failure', null],
  ['no process to be had', { kind: 'fork-failed', code: null, errorCode: 'EAGAIN' }, [], 'boot-failure', null],
  ['a fork without descriptors', { kind: 'fork-failed', code: null, errorCode: 'EMFILE' }, [], 'fd-exhaustion', null],
  ['a fork without memory', { kind: 'fork-failed', code: null, errorCode: 'ENOMEM' }, [], 'oom', null],
  ['the kernel killed for memory', { kind: 'oom', code: null, signal: 'SIGKILL' }, ['listening', 'busy'], 'oom', null],
  [
    "V8's heap is full",
    { kind: 'signal', code: null, signal: 'SIGABRT' },
    [
      '<--- Last few GCs --->',
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      '----- Native stack trace -----',
      ' 1: 0xb8d0a3 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]',
    ],
    'oom',
    "V8's own heap limit was reached (--max-old-space-size), not the machine's memory",
  ],
  [
    'the same, seen as a code by a shell in between',
    { code: 134 },
    ['FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory'],
    'oom',
    "V8's own heap limit was reached (--max-old-space-size), not the machine's memory",
  ],
  [
    'its port is taken, by its own listen',
    { kind: 'boot-failure', errorCode: 'EADDRINUSE', port: 3000 },
    uncaught('Error: listen EADDRINUSE: address already in use :::3000', "  code: 'EADDRINUSE',"),
    'port-conflict',
    ':::3000 is in use already (EADDRINUSE)',
  ],
  [
    'its port is taken, by its words alone',
    { kind: 'boot-failure' },
    ['Error: bind EADDRINUSE /run/app.sock'],
    'port-conflict',
    'its address is in use already (EADDRINUSE)',
  ],
  [
    'the disk is full',
    {},
    uncaught("Error: ENOSPC: no space left on device, open '/data/a.txt'", "  code: 'ENOSPC',"),
    'disk-full',
    'no space was left to write /data/a.txt (ENOSPC)',
  ],
  [
    'the quota is used up',
    {},
    ['Error: EDQUOT: disk quota exceeded, write'],
    'disk-full',
    'no space was left (EDQUOT)',
  ],
  [
    'too many watched files are no full disk',
    {},
    uncaught("Error: ENOSPC: System limit for number of file watchers reached, watch '/app/src'"),
    'crash',
    'the limit on inotify watches was reached, not the disk: raise fs.inotify.max_user_watches, or watch fewer files',
  ],
  [
    'descriptors ran out',
    {},
    uncaught("Error: EMFILE: too many open files, open '/app/x'"),
    'fd-exhaustion',
    'it could open no more files or sockets (EMFILE)',
  ],
  [
    'a dependency refused',
    {},
    uncaught('Error: connect ECONNREFUSED 127.0.0.1:5432', "  code: 'ECONNREFUSED',", '  port: 5432'),
    'crash',
    'a dependency at 127.0.0.1:5432 refused the connection (ECONNREFUSED)',
  ],
  [
    'a dependency whose name is unknown',
    { kind: 'boot-failure' },
    uncaught('Error: getaddrinfo ENOTFOUND db.internal', "  code: 'ENOTFOUND',"),
    'boot-failure',
    'the name of a dependency, db.internal, could not be looked up (ENOTFOUND)',
  ],
  [
    'a package that is missing',
    { kind: 'boot-failure' },
    uncaught("Error: Cannot find module 'express'", "  code: 'MODULE_NOT_FOUND',"),
    'boot-failure',
    'express is missing: is the release complete, and was npm ci run?',
  ],
  ['ended by resil for a hang', { kind: 'hang', code: null, signal: 'SIGKILL' }, ['x'], 'hang', null],
  ['ended by resil for its memory', { kind: 'memory', code: null, signal: 'SIGTERM' }, [], 'memory-growth', null],
  [
    'killed from outside',
    { kind: 'signal', code: null, signal: 'SIGKILL' },
    [],
    'crash',
    "somebody killed it from outside: a person, a script, or the kernel's own out-of-memory killer",
  ],
  [
    'native code crashed',
    { kind: 'signal', code: null, signal: 'SIGSEGV' },
    [],
    'crash',
    'native code crashed: an addon, or node itself',
  ],
  [
    'what was handled long ago is not what killed it',
    {},
    ['warning: ENOSPC while writing a cache', ...Array.from({ length: 60 }, (_, n) => `request ${n}`)],
    'crash',
    null,
  ],
  [
    'the last word counts',
    {},
    ['retry after ECONNREFUSED 127.0.0.1:6379', 'Error: EMFILE: too many open files'],
    'fd-exhaustion',
    'it could open no more files or sockets (EMFILE)',
  ],
]

test.each(rows)('%s', (_what, details, words, kind, hint) => {
  expect(classifyExit(exit(details), lines(...words))).toEqual({ kind, hint })
})
