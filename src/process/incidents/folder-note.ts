// Whose incidents lie in a folder: read by commands when no supervisor answers, to find the one that is meant.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { writeWhole } from './incident-files.ts'

const NAME = 'supervisor.json'

const FolderNote = z.object({
  name: z.string(),
  /** The folder that the supervisor belongs to. */
  dir: z.string(),
  /** Entry script or config file. */
  entry: z.string(),
  apps: z.array(z.string()),
  pid: z.number(),
})
export type FolderNote = z.infer<typeof FolderNote>

export async function writeFolderNote(dir: string, note: FolderNote): Promise<void> {
  await writeWhole(join(dir, NAME), JSON.stringify(note))
}

/** null: no folder of a supervisor. */
export async function readFolderNote(dir: string): Promise<FolderNote | null> {
  try {
    const parsed = FolderNote.safeParse(JSON.parse(await readFile(join(dir, NAME), 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
