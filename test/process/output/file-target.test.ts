import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createFileTarget } from '../../../src/process/output/file-target.ts'
import { tempDir } from '../../support/temp-dir.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const target of opened.splice(0)) target.close()
})

function setUp(options: { maxSizeBytes?: number; maxFiles?: number; path?: string } = {}) {
  const dir = tempDir()
  const path = options.path ?? join(dir, 'web.log')
  const failures: string[] = []
  const target = createFileTarget({
    path,
    maxSizeBytes: options.maxSizeBytes ?? 1000,
    maxFiles: options.maxFiles ?? 2,
    onRotationFailed: (error) => failures.push(error),
  })
  opened.push(target)
  return { dir, path, target, failures, write: (text: string) => target.write(Buffer.from(text)) }
}
const textOf = (path: string) => readFileSync(path, 'utf8')

test('appends to what is there, and makes the folder where there is none', async () => {
  const { dir, write } = setUp()
  const path = join(dir, 'deep', 'down', 'web.log')
  const nested = createFileTarget({ path, maxSizeBytes: 1000, maxFiles: 3, onRotationFailed: () => undefined })
  await nested.write(Buffer.from('a\n'))
  nested.close()
  expect(textOf(path)).toBe('a\n')
  writeFileSync(join(dir, 'web.log'), 'old\n')
  expect(await write('new\n')).toEqual({ written: 4, error: null })
  expect(textOf(join(dir, 'web.log'))).toBe('old\nnew\n')
})

test('rotates before the size is passed, keeps so many old files, and loses no line but the oldest', async () => {
  const { dir, write, failures } = setUp({ maxSizeBytes: 15, maxFiles: 2 })
  for (let i = 0; i < 10; i += 1) await write(`line ${i} xx\n`)
  expect(readdirSync(dir).sort()).toEqual(['web.log', 'web.log.1', 'web.log.2'])
  expect(textOf(join(dir, 'web.log.2'))).toBe('line 7 xx\n')
  expect(textOf(join(dir, 'web.log.1'))).toBe('line 8 xx\n')
  expect(textOf(join(dir, 'web.log'))).toBe('line 9 xx\n')
  expect(failures).toEqual([])
})

test('counts what a former run left in the file', async () => {
  const { dir, path, write } = setUp({ maxSizeBytes: 20 })
  writeFileSync(path, 'fifteen bytes!\n')
  await write('next one\n')
  expect(textOf(join(dir, 'web.log.1'))).toBe('fifteen bytes!\n')
  expect(textOf(path)).toBe('next one\n')
})

test('where no old file is kept the old lines go', async () => {
  const { dir, path, write } = setUp({ maxSizeBytes: 10, maxFiles: 0 })
  await write('12345678\n')
  await write('abcdefgh\n')
  expect(readdirSync(dir)).toEqual(['web.log'])
  expect(textOf(path)).toBe('abcdefgh\n')
})

test('a line larger than the size gets a file of its own, and is not cut', async () => {
  const { dir, path, write } = setUp({ maxSizeBytes: 10 })
  await write('a\n')
  const long = `${'x'.repeat(50)}\n`
  await write(long)
  expect(textOf(path)).toBe(long)
  expect(textOf(join(dir, 'web.log.1'))).toBe('a\n')
})

test('the rest of a line that was taken in part stays in its file', async () => {
  const { dir, path, write } = setUp({ maxSizeBytes: 10 })
  await write('12345678')
  await write('90\n')
  expect(textOf(path)).toBe('1234567890\n')
  expect(existsSync(join(dir, 'web.log.1'))).toBe(false)
})

test('after reopen it writes to the path again, when logrotate has moved the file away', async () => {
  const { dir, path, target, write } = setUp()
  await write('before\n')
  renameSync(path, join(dir, 'moved.log'))
  await write('still there\n')
  target.reopen()
  await write('after\n')
  expect(textOf(join(dir, 'moved.log'))).toBe('before\nstill there\n')
  expect(textOf(path)).toBe('after\n')
})

test('a file that logrotate has emptied by copytruncate is not rotated again', async () => {
  const { dir, path, write } = setUp({ maxSizeBytes: 15 })
  await write('ten bytes\n')
  truncateSync(path)
  await write('ten bytes\n')
  expect(readdirSync(dir)).toEqual(['web.log'])
  expect(textOf(path)).toBe('ten bytes\n')
})

test('a rotation that fails is told, loses nothing, and is tried again when the file has doubled', async () => {
  const { dir, path, write, failures } = setUp({ maxSizeBytes: 20, maxFiles: 1 })
  mkdirSync(join(dir, 'web.log.1', 'in-the-way'), { recursive: true })
  for (let i = 0; i < 4; i += 1) await write('ten bytes\n')
  expect(failures).toEqual(['EISDIR'])
  expect(textOf(path)).toBe('ten bytes\n'.repeat(4))
  await write('ten bytes\n')
  expect(failures).toEqual(['EISDIR', 'EISDIR'])
})

test('a full disk is an error with a code, and nothing is thrown', async () => {
  const { write } = setUp({ path: '/dev/full' })
  expect(await write('a\n')).toEqual({ written: 0, error: 'ENOSPC' })
  expect(await write('b\n')).toEqual({ written: 0, error: 'ENOSPC' })
})

test('a path that cannot be is an error with a code, and works as soon as it can be', async () => {
  const dir = tempDir({ 'file.txt': '' })
  const { write, path } = setUp({ path: join(dir, 'file.txt', 'web.log') })
  expect(await write('a\n')).toEqual({ written: 0, error: 'ENOTDIR' })
  renameSync(join(dir, 'file.txt'), join(dir, 'other.txt'))
  expect(await write('b\n')).toEqual({ written: 2, error: null })
  expect(textOf(path)).toBe('b\n')
})

test('closed while it writes, it finishes and leaves no file open', async () => {
  const { path, target, write } = setUp()
  const writing = write('last words\n')
  target.close()
  await writing
  expect(textOf(path)).toBe('last words\n')
  const open = readdirSync('/proc/self/fd').filter((fd) => linkOf(fd) === path)
  expect(open).toEqual([])
})

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}
