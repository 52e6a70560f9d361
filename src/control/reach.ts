// Is a supervisor behind this socket, and which? The one question that commands and a second start both ask.

import { lstatSync } from 'node:fs'
import { ResilError } from '../errors.ts'
import type { SupervisorInfo } from './choose.ts'
import { type ControlClient, connectControl } from './client.ts'

/** A supervisor answers in 100 ms under load; one that takes so much longer is stopped or hangs, and that is worth a word. */
const PING_TIMEOUT_MS = 2_000

export interface FoundSupervisor {
  readonly path: string
  readonly info: SupervisorInfo
  /** Open; whoever asked closes it. */
  readonly client: ControlClient
}

export type Reached =
  | { readonly status: 'running'; readonly found: FoundSupervisor }
  /** Nobody listens: never did, or was killed and left its socket behind. */
  | { readonly status: 'nobody'; readonly error: ResilError }
  /** Somebody listens, but not to us: another user's, a hung one, or no supervisor at all. */
  | { readonly status: 'mute'; readonly error: ResilError }

export async function reach(path: string): Promise<Reached> {
  let client: ControlClient
  try {
    client = await connectControl(path)
  } catch (error) {
    return unreachable(path, (error as NodeJS.ErrnoException).code ?? 'unknown error')
  }
  try {
    const info = await client.request('ping', {}, { timeoutMs: PING_TIMEOUT_MS })
    return { status: 'running', found: { path, info, client } }
  } catch (error) {
    client.close()
    const late = error instanceof ResilError && error.code === 'RESIL_TIMEOUT'
    const what = late ? 'does not answer' : 'does not speak as a supervisor does'
    const fix = 'if its process hangs or is stopped (Ctrl-Z), continue it or end it with a signal'
    return { status: 'mute', error: noSupervisor(`what listens on ${path} ${what}: ${fix}`) }
  }
}

function unreachable(path: string, code: string): Reached {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED': {
      const fix = 'start one with `resil start`, or leave out --socket and RESIL_SOCKET'
      return { status: 'nobody', error: noSupervisor(`no supervisor listens on ${path}: ${fix}`) }
    }
    case 'EACCES':
    case 'EPERM':
      return { status: 'mute', error: notPermitted(path, ownerOf(path)) }
    default:
      return { status: 'mute', error: noSupervisor(`can't connect to ${path} (${code})`) }
  }
}

export function notPermitted(path: string, uid: number | null): ResilError {
  const whose = uid === null ? 'another user' : `another user (uid ${uid})`
  const fix = uid === null ? 'run this command as that user' : `run this command with sudo -u '#${uid}'`
  return new ResilError('RESIL_NOT_PERMITTED', `the supervisor behind ${path} belongs to ${whose}: ${fix}`)
}

function noSupervisor(message: string): ResilError {
  return new ResilError('RESIL_NO_SUPERVISOR', message)
}

function ownerOf(path: string): number | null {
  try {
    return lstatSync(path).uid
  } catch {
    return null
  }
}
