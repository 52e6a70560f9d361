// From what a person calls the entry ("app.js", "." or nothing) to the absolute path of a file that node can be given,
// or one line that says what is wrong with it and what was probably meant.

import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path'
import { messageOf } from '../../errors.ts'
import { readPackage } from '../files/package-json.ts'
import { nearest } from '../suggest.ts'

export type FoundEntry = { readonly file: string } | { readonly problem: string }

const EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']
/** Where entries live in other people's projects. */
const SOURCE_FOLDERS = ['src', 'dist', 'build', 'lib', 'app', 'server', 'bin']
const MAX_SUGGESTIONS = 3

/** `entry` relative to `base`; undefined: what the package.json in `base` names. */
export function findEntry(entry: string | undefined, base: string): FoundEntry {
  const path = resolve(base, entry ?? '.')
  const kind = kindOf(path)
  switch (kind) {
    case 'file':
      return unreadable(path) ?? { file: path }
    case 'folder':
      return entryOfFolder(path, base)
    case 'missing':
      return { problem: `no such file${suggestion(path, base)}` }
    case 'dangling':
      return { problem: `a symbolic link to ${readlinkSync(path)}, which does not exist` }
    case 'denied':
      return { problem: 'permission denied; let the user that resil runs as read it' }
    default:
      return { problem: kind.problem }
  }
}

function kindOf(path: string): 'file' | 'folder' | 'missing' | 'dangling' | 'denied' | { readonly problem: string } {
  try {
    const found = statSync(path)
    if (found.isDirectory()) return 'folder'
    return found.isFile() ? 'file' : { problem: 'is no regular file' }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES') return 'denied'
    if (code === 'ELOOP') return { problem: 'a symbolic link that leads back to itself' }
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return { problem: messageOf(error) }
    return isLink(path) ? 'dangling' : 'missing'
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

function unreadable(path: string): FoundEntry | undefined {
  try {
    closeSync(openSync(path, 'r'))
    return undefined
  } catch (error) {
    const denied = (error as NodeJS.ErrnoException).code === 'EACCES'
    return { problem: denied ? 'permission denied; let the user that resil runs as read it' : messageOf(error) }
  }
}

/** As node does for a folder: main of its package.json, with or without extension, else index.js. */
function entryOfFolder(dir: string, base: string): FoundEntry {
  const main = readPackage(dir)?.main
  const candidates = (main === undefined ? [] : [main, ...EXTENSIONS.map((ext) => main + ext), join(main, 'index.js')])
    .concat('index.js')
    .map((name) => join(dir, name))
  const file = candidates.find((candidate) => kindOf(candidate) === 'file')
  if (file !== undefined) return unreadable(file) ?? { file }
  const likely = likelyEntry(dir, base)
  const hint = likely === undefined ? 'name the entry file' : `name the entry file, such as ${likely}`
  return {
    problem:
      main === undefined
        ? `a folder without "main" in a package.json and without index.js; ${hint}`
        : `main of its package.json is ${JSON.stringify(main)}, which does not exist; ${hint}`,
  }
}

/** What looks like an entry, as the person would name it. */
export function likelyEntry(dir: string, base: string): string | undefined {
  const folders = ['.', ...SOURCE_FOLDERS]
  const stems = ['server', 'app', 'index', 'main']
  const files = folders.flatMap((folder) =>
    stems.flatMap((stem) => EXTENSIONS.map((ext) => join(dir, folder, stem + ext))),
  )
  const file = files.find((candidate) => kindOf(candidate) === 'file')
  return file === undefined ? undefined : nameFrom(base, file)
}

/** A file as the person would name it from where they are. */
export function nameFrom(base: string, file: string): string {
  const name = relative(base, file)
  return name.startsWith(`..${sep}`) ? file : name
}

/** `; did you mean src/app.js or app.mjs?` */
function suggestion(path: string, base: string): string {
  const dir = dirname(path)
  const stem = basename(path, extname(path))
  const files = filesIn(dir)
  const near = nearest(
    basename(path),
    files.filter((name) => EXTENSIONS.includes(extname(name))),
  )
  const candidates = [
    ...EXTENSIONS.map((ext) => join(dir, stem + ext)),
    ...(near === undefined ? [] : [join(dir, near)]),
    ...SOURCE_FOLDERS.flatMap((folder) => EXTENSIONS.map((ext) => join(dir, folder, stem + ext))),
  ].filter((candidate) => kindOf(candidate) === 'file')
  const names = [...new Set(candidates)].slice(0, MAX_SUGGESTIONS).map((file) => nameFrom(base, file))
  return names.length === 0 ? '' : `; did you mean ${names.join(' or ')}?`
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
