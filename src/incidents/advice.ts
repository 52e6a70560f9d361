// What a person can do next about an incident: two or three commands, the most useful first. The runbook has the rest.

import { assertNever } from '../errors.ts'
import type { Incident } from './incident.ts'

export interface Advice {
  readonly command: string
  readonly why: string
}

export function adviceFor({ kind, app, workers, exit }: Incident): readonly Advice[] {
  const name = app ?? ''
  const slot = workers.at(-1) === undefined ? name : `${name}:${workers.at(-1)?.slot}`
  const port = exit?.port ?? null
  const logs: Advice = {
    command: `resil logs ${name} --since 10m`.replace('  ', ' '),
    why: 'what was said around then',
  }
  const reload: Advice = { command: `resil reload ${name}`, why: 'when the release is mended' }
  const restart: Advice = { command: `resil restart ${slot}`, why: 'when its cause is gone: closes the gate at once' }
  const status: Advice = { command: 'resil status --watch', why: 'how it is now' }
  switch (kind) {
    case 'crash':
      return [logs, reload, status]
    case 'boot-failure':
      return [
        logs,
        { command: 'resil check --explain', why: 'which settings it starts with, and where they come from' },
        reload,
      ]
    case 'crash-loop':
      return [logs, reload, restart]
    case 'oom':
      return [
        status,
        { command: `resil scale ${name}=-1`, why: 'fewer workers share the same memory' },
        { command: 'resil check --explain', why: 'nodeArgs: --max-old-space-size, and how many workers there are' },
      ]
    case 'memory-growth':
      return [status, { command: `resil diagnose ${slot} --heap`, why: 'what fills its heap' }, reload]
    case 'hang':
      return [{ command: `resil diagnose ${slot} --stack`, why: 'where it stands, if it hangs again' }, logs, status]
    case 'event-loop-lag':
    case 'cpu-saturation':
      return [
        { command: `resil diagnose ${slot} --cpu 10s`, why: 'which functions take the time' },
        { command: `resil scale ${name}=+1`, why: 'one worker more, if there are CPUs to use' },
        status,
      ]
    case 'probe-failed':
      return [logs, { command: `resil diagnose ${slot} --stack`, why: 'what it is busy with' }, status]
    case 'unresponsive-drain':
      return [
        logs,
        { command: 'resil check --explain', why: 'shutdown.deadline, and where it comes from' },
        { command: `resil status ${name}`, why: 'CONN: connections that do not end' },
      ]
    case 'reload-rolled-back':
      return [logs, { command: 'resil check --explain', why: 'whether its settings are as meant' }, reload]
    case 'port-conflict':
      return [
        {
          command: port === null ? 'ss -ltnp' : `ss -ltnp 'sport = :${port}'`,
          why: 'who listens there',
        },
        { command: 'resil status', why: 'the ports of the other apps' },
        restart,
      ]
    case 'dependency-open':
      return [
        {
          command: `resil status ${name}`,
          why: 'in how many workers it is open, and how many calls it did not let through',
        },
        logs,
      ]
    case 'disk-full':
      return [
        { command: 'df -h; df -i', why: 'which file system is full: bytes, or inodes' },
        { command: 'du -xh --max-depth=2 / | sort -h | tail', why: 'what fills it' },
        { command: 'resil check --explain', why: 'log.file, log.maxSize, log.maxFiles' },
      ]
    case 'fd-exhaustion':
      return [
        {
          command: `resil status ${name}`.trimEnd(),
          why: 'PID of each worker, and CONN: how many of the descriptors are connections',
        },
        {
          command: 'ls /proc/PID/fd | wc -l; grep "open files" /proc/PID/limits',
          why: 'how many are open, and may be',
        },
        logs,
      ]
    case 'supervisor-starved':
      return [
        { command: 'cat /sys/fs/cgroup/cpu.stat', why: 'nr_throttled: whether a CPU quota holds it back' },
        { command: 'uptime', why: 'how many want the CPU' },
        status,
      ]
    case 'chaos':
      return [
        { command: 'resil check --explain', why: 'chaos.allowed, and where it comes from' },
        { ...reload, why: 'when chaos.allowed is false again, and the faults are gone' },
      ]
    default:
      return assertNever(kind)
  }
}
