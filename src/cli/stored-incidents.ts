// Incidents read from the disk, without a supervisor: finds the folders of those that ran here, and reads what is in them.
// Loaded only when nobody answers.

import { lstatSync, realpathSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { findConfig } from '../config/load.ts'
import { candidatesFor } from '../control/choose.ts'
import { type Incident, type IncidentSummary, summaryOf } from '../incidents/incident.ts'
import { readFolderNote } from '../process/incidents/folder-note.ts'
import { type IncidentFile, listIncidentFiles, readIncident } from '../process/incidents/incident-files.ts'
import { stateRoots } from '../process/incidents/state-dir.ts'
import { VERSION } from '../version.ts'
import type { StoredIncidents } from './ask-or-read.ts'
import type { CliContext } from './context.ts'

interface Wanted {
  readonly socket?: string
  readonly stateDir?: string
  readonly target: string | undefined
}

/** null: nobody has left any. */
export async function findStoredIncidents(context: CliContext, wanted: Wanted): Promise<StoredIncidents | null> {
  const found = (
    await Promise.all((await rootsFor(context, wanted)).map((root) => foldersIn(root, context.uid)))
  ).flat()
  const socket = wanted.socket ?? context.env.RESIL_SOCKET
  const bySocket = socket ? found.filter(({ path }) => basename(path) === basename(socket).replace(/\.sock$/, '')) : []
  const meant = bySocket.length > 0 ? bySocket : candidatesFor(found, { target: wanted.target, cwd: context.cwd })
  const files: { readonly dir: string; readonly file: IncidentFile }[] = []
  for (const { path } of meant) for (const file of await listIncidentFiles(path)) files.push({ dir: path, file })
  if (files.length === 0) return null
  files.sort((a, b) => (a.file.id < b.file.id ? 1 : -1))

  const read = async ({ dir, file }: (typeof files)[number]): Promise<Incident | null> =>
    readIncident(dir, file).catch(() => {
      context.stderr.write(`resil: ${join(dir, file.id)}.json can't be read, or is no incident: it is left out\n`)
      return null
    })
  return {
    apps: meant.flatMap(({ info }) => info.apps),
    async list() {
      const summaries: IncidentSummary[] = []
      for (const one of files) {
        const incident = await read(one)
        if (incident !== null) summaries.push(summaryOf(incident))
      }
      return summaries
    },
    async get(id) {
      const one = files.find(({ file }) => file.id === id)
      return one === undefined ? null : read(one)
    },
  }
}

/** A place that somebody names is the only one. */
async function rootsFor({ env, cwd, uid }: CliContext, { stateDir }: Wanted): Promise<readonly string[]> {
  const named = stateDir ?? (env.RESIL_STATE_DIR || undefined)
  if (named !== undefined) return [resolve(cwd, named)]
  const config = await findConfig(cwd, cwd).catch(() => null)
  const configured = (config?.raw as { stateDir?: unknown } | undefined)?.stateDir
  if (config !== null && typeof configured === 'string') return [resolve(dirname(config.file), configured)]
  return stateRoots({ env, uid })
}

async function foldersIn(root: string, uid: number) {
  const names = await readdir(root).catch(() => [])
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(root, name)
      if (!isTrusted(path, uid)) return []
      const note = await readFolderNote(path)
      if (note === null) return []
      const { name: called, pid, apps } = note
      return [{ path, info: { name: called, pid, version: VERSION, dir: realOf(note.dir), apps } }]
    }),
  )
  return found.flat()
}

/** What another user put there could say anything. */
function isTrusted(path: string, uid: number): boolean {
  try {
    const found = lstatSync(path)
    return found.isDirectory() && (found.uid === uid || found.uid === 0 || uid === 0)
  } catch {
    return false
  }
}

function realOf(dir: string): string {
  try {
    return realpathSync(dir)
  } catch {
    return dir
  }
}
