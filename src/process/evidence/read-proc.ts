// Reads from /proc what triage.ts judges. Processes come and go while we look: what has gone reads as empty.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type ProcTexts, type ThreadTexts, type Triage, triage } from './triage.ts'

/** Long enough for a thread that runs to be seen running, also where the kernel counts in ticks of 10 ms. */
const BETWEEN_LOOKS_MS = 100
const MOST_CHILDREN = 8

/** Looks twice, a tenth of a second apart. `loopTurns`: whether the worker's event loop answers; null: not known. */
export async function triageOf(pid: number, loopTurns: boolean | null = null): Promise<Triage> {
  const look = beginLook(pid)
  await pause(BETWEEN_LOOKS_MS)
  return look.end(loopTurns)
}

/** For who has something to do between the two looks: the longer the time, the surer the word about CPU. */
export function beginLook(pid: number): { end(loopTurns: boolean | null): Triage } {
  const startedAt = performance.now()
  const before = readThread(pid)
  return {
    end(loopTurns) {
      const after: ProcTexts['after'] = {
        ...readThread(pid),
        status: readText(`/proc/${pid}/status`),
        wchan: readText(`/proc/${pid}/task/${pid}/wchan`),
        syscall: readText(`/proc/${pid}/task/${pid}/syscall`),
        children: childrenOf(pid),
      }
      return triage({ before, after, elapsedMs: performance.now() - startedAt, loopTurns })
    },
  }
}

function readThread(pid: number): ThreadTexts {
  const task = `/proc/${pid}/task/${pid}`
  return {
    stat: readText(`${task}/stat`),
    schedstat: readText(`${task}/schedstat`),
    processStat: readText(`/proc/${pid}/stat`),
  }
}

/** Empty on kernels without CONFIG_PROC_CHILDREN. */
function childrenOf(pid: number): ProcTexts['after']['children'] {
  const pids = readText(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean)
  return pids.slice(0, MOST_CHILDREN).map((child) => ({
    pid: Number(child),
    command: readText(`/proc/${child}/cmdline`).replaceAll('\0', ' ').trim(),
    state: /^State:\s*(\S)/m.exec(readText(`/proc/${child}/status`))?.[1] ?? '',
  }))
}

/** Whether the process has set a handler of its own for a signal: sent to one that has not, most signals kill. */
export function catchesSignal(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readText(`/proc/${pid}/status`))?.[1]
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
}

/** A TCP socket that a process holds. */
export interface TcpSocket {
  readonly port: number
  readonly state: 'listening' | 'connected'
}

const STATES: Readonly<Record<string, TcpSocket['state']>> = { '0A': 'listening', '01': 'connected' }

/** `port`: on that port only. The tables list the whole machine, tens of thousands of lines where many clients come and go. */
export function tcpSocketsOf(pid: number, port?: number): TcpSocket[] {
  const inodes = new Set(socketInodes(pid))
  const wanted = port === undefined ? ':' : `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const sockets: TcpSocket[] = []
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readText(`/proc/${pid}/net/${table}`).split('\n')) {
      // Most lines end here: those of other ports, and of connections that are over (TIME_WAIT).
      if (!line.includes(wanted) || !(line.includes(' 0A ') || line.includes(' 01 '))) continue
      const [, local = '', , code = '', , , , , , inode = ''] = line.trim().split(/\s+/)
      const state = STATES[code]
      if (state !== undefined && inodes.has(inode)) {
        const at = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16)
        if (port === undefined || port === at) sockets.push({ port: at, state })
      }
    }
  }
  return sockets
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
