// What a supervisor's control socket is called and where it goes. Decides only; claim-socket.ts looks who is there already.

import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { Settings } from '../config/settings.ts'
import { ResilError } from '../errors.ts'
import { prepareDir, type RuntimeOwner, runtimeDirs } from './runtime-dirs.ts'

/** sun_path holds 108 bytes with its closing zero. Node 20 cuts longer ones silently and listens elsewhere. */
export const MAX_SOCKET_PATH_BYTES = 107
const MAX_NAME_LENGTH = 40

export interface SocketIdentity {
  /** The supervisor's. */
  readonly name: string
  /** The folder it belongs to. */
  readonly dir: string
  /** Entry script or config file: two services of one folder and name are two. */
  readonly entry: string
}

export interface SocketPlace {
  /** null: no folder will have it. The supervisor runs on, and commands won't reach it. */
  readonly path: string | null
  /** For the person who starts: why no folder, or not the one they named. */
  readonly warnings: readonly string[]
}

export function identityOf(settings: Settings): SocketIdentity {
  const { name, dir, configFile, apps } = settings
  return { name, dir, entry: configFile ?? apps[0]?.script ?? '' }
}

/** `web-1a2b3c4d.sock`. The name is for people who look into the folder; the hash tells equals apart. */
export function socketFileName({ name, dir, entry }: SocketIdentity): string {
  return `${socketNamePrefix(name)}${shortHash([name, dir, entry])}.sock`
}

export function socketNamePrefix(name: string): string {
  return `${name.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').slice(0, MAX_NAME_LENGTH)}-`
}

/** The path of a `--socket` or RESIL_SOCKET, checked. */
export function explicitSocketPath(path: string, cwd: string): string {
  const absolute = resolve(cwd, path)
  const bytes = Buffer.byteLength(absolute)
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new ResilError(
      'RESIL_USAGE',
      `the socket path ${absolute} is ${bytes} bytes long, and Linux takes ${MAX_SOCKET_PATH_BYTES}: choose a shorter one`,
    )
  }
  return absolute
}

/** The first folder that can be made and written wins. */
export function placeSocket(identity: SocketIdentity, owner: RuntimeOwner): SocketPlace {
  const refusals: string[] = []
  const warnings: string[] = []
  for (const dir of runtimeDirs(owner)) {
    const path = fitted(dir.path, identity)
    const refusal = path === null ? 'its path is too long for a socket' : prepareDir(dir, owner.uid)
    if (refusal === null) return { path, warnings }
    refusals.push(`${dir.path}: ${refusal}`)
    if (dir.kind === 'chosen') warnings.push(`RESIL_RUNTIME_DIR ${dir.path} is not used: ${refusal}`)
  }
  return {
    path: null,
    warnings: [
      `no place for a control socket: commands won't work; set RESIL_RUNTIME_DIR to a folder that can be written (${refusals.join('; ')})`,
    ],
  }
}

/** In a deep folder the hash alone has to do. */
function fitted(dir: string, identity: SocketIdentity): string | null {
  const { name, dir: folder, entry } = identity
  const names = [socketFileName(identity), `${shortHash([name, folder, entry])}.sock`]
  return names.map((file) => join(dir, file)).find((path) => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) ?? null
}

function shortHash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8)
}
