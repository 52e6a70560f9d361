// What an app is called when nobody said so.

import { basename, extname } from 'node:path'
import { nearestNamedPackage, type Package } from '../files/package-json.ts'

/** Any text as a name that fits into paths, metrics and command lines; "app" where nothing is left. */
export function sanitizeName(text: string): string {
  const plain = text
    .replace(/^@[^/]*\//, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
    .replace(/-+$/, '')
  return plain === '' ? 'app' : plain
}

/** For the only app of a supervisor: its package's name, else the entry's base name. */
export function nameOfOnlyApp(script: string, scriptDir: string): string {
  return sanitizeName(nearestNamedPackage(scriptDir)?.name ?? stem(script))
}

/**
 * For one of several apps: they may share a package, so its name counts only where the app has a package of its own
 * beneath the supervisor's folder.
 */
export function nameOfOneOfSeveral(script: string, scriptDir: string, supervisorDir: string): string {
  const own: Package | undefined = nearestNamedPackage(scriptDir)
  const apart = own?.name !== undefined && own.dir.startsWith(`${supervisorDir}/`)
  return sanitizeName(apart ? (own.name ?? '') : stem(script))
}

/** For a supervisor of several apps. */
export function nameOfSupervisor(dir: string): string {
  return sanitizeName(nearestNamedPackage(dir)?.name ?? basename(dir))
}

function stem(script: string): string {
  return basename(script, extname(script))
}
