// One incident, one file. Each is written aside, flushed to the disk and renamed: a reader, or a crash, sees the old or the new.
// Also used by commands when no supervisor answers.

import { type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Incident } from '../../incidents/incident.ts'
import { isIncidentId } from '../../incidents/incident-id.ts'
import { parseIncident } from '../../incidents/stored-incident.ts'

/** No incident comes near: a larger file is none of ours. */
const LARGEST_BYTES = 4 * 1024 * 1024

export interface IncidentFile {
  readonly id: string
  readonly bytes: number
}

/** Newest first. An empty list where the folder can't be read. */
export async function listIncidentFiles(dir: string): Promise<readonly IncidentFile[]> {
  const names = await readdir(dir).catch(() => [])
  const ids = names.flatMap((name) =>
    name.endsWith('.json') && isIncidentId(name.slice(0, -5)) ? name.slice(0, -5) : [],
  )
  const files: IncidentFile[] = []
  for (const id of ids.sort().reverse()) {
    const bytes = await stat(pathOf(dir, id)).then(
      ({ size }) => size,
      () => null,
    )
    if (bytes !== null) files.push({ id, bytes })
  }
  return files
}

/** Rejects where it can't be read, or is no incident. */
export async function readIncident(dir: string, { id, bytes }: IncidentFile): Promise<Incident> {
  if (bytes > LARGEST_BYTES) throw new Error(`it has ${bytes} bytes`)
  const incident = parseIncident(await readFile(pathOf(dir, id), 'utf8'))
  if (incident.id !== id) throw new Error(`it says that it is ${incident.id}`)
  return incident
}

/** Returns its size. Rejects with the system's error. */
export async function writeIncident(dir: string, incident: Incident): Promise<number> {
  const [path, text] = [pathOf(dir, incident.id), JSON.stringify(incident)]
  try {
    return await writeWhole(path, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    // Somebody has cleaned up: the folder was there when the supervisor began.
    await mkdir(dir, { recursive: true, mode: 0o700 })
    return writeWhole(path, text)
  }
}

export async function writeWhole(path: string, text: string): Promise<number> {
  const aside = `${path}.${process.pid}.tmp`
  let file: FileHandle | null = null
  try {
    file = await open(aside, 'w', 0o600)
    await file.writeFile(text)
    await file.sync()
    await file.close()
    file = null
    await rename(aside, path)
    return Buffer.byteLength(text)
  } catch (error) {
    await file?.close().catch(() => {})
    await unlink(aside).catch(() => {})
    throw error
  }
}

export function removeIncident(dir: string, id: string): Promise<void> {
  return unlink(pathOf(dir, id)).catch(() => {})
}

/** What a supervisor that was killed in the middle of writing left behind. */
export async function removeLeftovers(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => [])
  for (const name of names) if (name.endsWith('.tmp')) await unlink(join(dir, name)).catch(() => {})
}

function pathOf(dir: string, id: string): string {
  return join(dir, `${id}.json`)
}
