// Where the files of a diagnosis go that was asked for from afar, over HTTP: into a folder of resil's own, bounded, under names of
// its choosing. Whoever holds the token may look into a worker; writing where he likes, or filling the disk, is no part of that.

import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, ResilError } from '../../errors.ts'
import type { DiagnosisFileKind } from '../../protocol/control.ts'
import { boundFolder } from './bound-folder.ts'

/** With the one that is about to come. Its size is not known before: the disk is looked at when it is written. */
const MOST_FILES = 10
const MOST_BYTES = 1024 * 1024 * 1024
const OWN = /^\d{8}T\d{9}-.+\.(cpuprofile|heapsnapshot)$/

/** An absolute path in `stateDir`/diagnoses that does not exist. Throws a ResilError where there is no place. */
export function placeDiagnosisFile(
  stateDir: string | null,
  { target, kind, wallNow }: { readonly target: string; readonly kind: DiagnosisFileKind; readonly wallNow: number },
): string {
  try {
    if (stateDir === null) throw new Error('there is no state folder: set stateDir to one that can be written')
    const dir = join(stateDir, 'diagnoses')
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const found = lstatSync(dir)
    if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${dir} is no folder of ours`)
    chmodSync(dir, 0o700)
    boundFolder(dir, OWN, { mostFiles: MOST_FILES - 1, mostBytes: MOST_BYTES })
    const time = new Date(wallNow).toISOString().replaceAll(/[-:.Z]/g, '')
    return join(dir, `${time}-${target.replaceAll(/[^\w.-]/g, '-').slice(0, 100)}.${kind}`)
  } catch (error) {
    throw new ResilError('RESIL_NOT_PERMITTED', `diagnose: there is no place for the file: ${messageOf(error)}`)
  }
}
