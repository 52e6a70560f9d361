// Writes to a log file: opened when first needed, rotated by size, opened again on demand (logrotate moves it away).
// A disk that fails is reported to the sink, which drops and counts; the next write tries anew.

import { close, constants, fstat, open, write } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { rotate } from './rotate.ts'
import { codeOf, type Target, type Written } from './target.ts'

export interface FileTargetOptions {
  /** Absolute. */
  readonly path: string
  readonly maxSizeBytes: number
  /** How many old ones are kept beside the one being written. */
  readonly maxFiles: number
  /** Told when rotation fails, with the code; the file then goes on growing, and is tried again when it has doubled. */
  readonly onRotationFailed: (error: string) => void
}

export interface FileTarget extends Target {
  /** The next write opens the path anew. */
  reopen(): void
}

const NEWLINE = 0x0a
// Descriptors, not FileHandles: from Node 25 on a FileHandle that is collected unclosed is an error that nobody can catch.
const openFd = promisify(open)
const closeFd = promisify(close)
const statFd = promisify(fstat)
const writeFd = promisify(write)

/** Not for everybody: logs hold what users typed. */
const MODE = 0o640
// O_NONBLOCK: where the path is a FIFO without a reader, opening it fails instead of hanging.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

export function createFileTarget({ path, maxSizeBytes, maxFiles, onRotationFailed }: FileTargetOptions): FileTarget {
  let fd: number | null = null
  let sizeBytes = 0
  let rotateAtBytes = maxSizeBytes
  let atLineStart = true
  let stale = false
  let closed = false
  let writing = false

  async function openOrCreate(): Promise<number> {
    try {
      return await openFd(path, FLAGS, MODE)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      await mkdir(dirname(path), { recursive: true })
      return openFd(path, FLAGS, MODE)
    }
  }

  async function ensureOpen(): Promise<number> {
    if (fd !== null) return fd
    const opened = await openOrCreate()
    fd = opened
    sizeBytes = (await statFd(opened)).size
    return opened
  }

  async function letGo(): Promise<void> {
    const old = fd
    fd = null
    if (old !== null) await closeFd(old)
  }

  async function isFull(moreBytes: number): Promise<boolean> {
    const exceeds = (): boolean => sizeBytes > 0 && sizeBytes + moreBytes > rotateAtBytes
    // Our count may be too high: logrotate's copytruncate empties the file behind our back.
    if (fd !== null && exceeds()) sizeBytes = (await statFd(fd)).size
    return exceeds()
  }

  async function makeRoom(): Promise<void> {
    try {
      await rotate(path, maxFiles)
      await letGo()
      rotateAtBytes = maxSizeBytes
    } catch (error) {
      rotateAtBytes = sizeBytes + maxSizeBytes
      onRotationFailed(codeOf(error))
    }
  }

  async function writeOnce(bytes: Buffer): Promise<Written> {
    if (stale) {
      stale = false
      await letGo()
    }
    await ensureOpen()
    if (atLineStart && (await isFull(bytes.length))) await makeRoom()
    const { bytesWritten } = await writeFd(await ensureOpen(), bytes)
    sizeBytes += bytesWritten
    if (bytesWritten > 0) atLineStart = bytes[bytesWritten - 1] === NEWLINE
    return { written: bytesWritten, error: null }
  }

  return {
    name: path,
    async write(bytes) {
      writing = true
      try {
        return await writeOnce(bytes)
      } catch (error) {
        return { written: 0, error: codeOf(error) }
      } finally {
        writing = false
        if (closed) await letGo().catch(() => undefined)
      }
    },
    reopen() {
      stale = true
    },
    close() {
      closed = true
      // A write under way closes the file when it is done.
      if (!writing) void letGo().catch(() => undefined)
    },
  }
}
