// What the supervisor says about itself, its log and its control socket.

import { assertNever } from '../errors.ts'
import type { SupervisorEvent } from './family/supervisor.ts'
import { count, duration, list, size } from './words.ts'

export function describeSupervisor(event: SupervisorEvent): string {
  switch (event.type) {
    case 'supervisor.started': {
      const apps = event.apps.map(
        ({ name, script, instances, reason }) => `${count(instances, 'worker')} of ${name} (${script}; ${reason})`,
      )
      const socket =
        event.socket === null
          ? 'no control socket, so that status and reload cannot reach it'
          : `control socket ${event.socket}`
      return `${event.name} started (pid ${event.pid}, resil ${event.version}, Node ${event.node}): ${list(apps)}; ${socket}`
    }
    case 'supervisor.signalled':
      return `received ${event.signal}: ${actionOn(event)}`
    case 'supervisor.stopping':
      return event.forced
        ? `stopping by force (${event.cause}): workers are killed`
        : `stopping (${event.cause}): workers have ${duration(event.deadlineMs)} to finish`
    case 'supervisor.stopped':
      return `stopped (${event.cause}), exit code ${event.exitCode}`
    case 'supervisor.overslept':
      return `the supervisor itself did not run for ${duration(event.lateMs)} (stopped, paused, or starved of CPU): no worker is blamed for that time`
    case 'supervisor.shortOfDescriptors':
      return `the supervisor itself runs out of file descriptors (${event.open} of ${event.limit} open): soon it can neither take connections nor start workers; raise the limit (LimitNOFILE=, docker --ulimit nofile=, ulimit -n) and start it again`
    case 'supervisor.faulted':
      return `internal fault: ${event.message}; this is a bug in resil, please report it`
    case 'invariant.violated':
      return `invariant ${event.invariant} was violated: ${event.message}; this is a bug in resil, please report it`
    case 'output.dropped':
      return describeDrop(event)
    case 'log.rotationFailed':
      return `${event.file} could not be rotated (${event.error}) and grows past log.maxSize: let resil write in its folder`
    case 'orphans.ended':
      return `${count(event.pids.length, 'worker')} of an earlier supervisor that was killed lived on and ${event.pids.length === 1 ? 'was' : 'were'} ended (pid ${list(event.pids.map(String))})`
    case 'control.recreated':
      return `control socket ${event.socket} had been removed and was created again: exempt it from clean-up jobs`
    case 'supervisor.warned':
      return event.message
    case 'admin.listening':
      return `admin port: http://${urlHost(event.host)}:${event.port}`
    case 'admin.listenFailed': {
      const { host, port, retryInMs } = event
      return `the admin port ${urlHost(host)}:${port} can't be opened (${whyNot(event)}): the service runs, but probes and metrics get no answer; tried again each ${duration(retryInMs)}`
    }
    default:
      return assertNever(event)
  }
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function whyNot({ code, owner }: Extract<SupervisorEvent, { type: 'admin.listenFailed' }>): string {
  switch (code) {
    case 'EADDRINUSE':
      return owner === null ? 'it is in use: set another admin.port' : `${owner} listens there: set another admin.port`
    case 'EACCES':
      return 'permission denied: set an admin.port of 1024 or above'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `admin.host is no address of this machine: ${code}`
    default:
      return code
  }
}

function actionOn({ action }: Extract<SupervisorEvent, { type: 'supervisor.signalled' }>): string {
  switch (action) {
    case 'stop':
      return 'stopping gracefully; a second one forces'
    case 'stop-again':
      return 'taken for the same wish, since it came at once; a later one forces'
    case 'force-stop':
      return 'stopping by force'
    case 'reload':
      return 'reloading'
    case 'scale-up':
      return 'one worker more'
    case 'scale-down':
      return 'one worker less'
    case 'ignored':
      return 'ignored'
    default:
      return assertNever(action)
  }
}

/** Errors that a person can cure, with the cure. */
const WRITE_ERRORS: Readonly<Record<string, string>> = {
  EPIPE: 'its reader is gone',
  EIO: 'its terminal is gone',
  ENOSPC: 'no space is left: free some, or move log.file',
  EDQUOT: 'the disk quota is used up: free some space, or move log.file',
  EROFS: 'the file system is read-only: move log.file',
  EACCES: 'permission denied: let resil write there, or move log.file',
  ENOTDIR: 'a file stands where its folder should be: move log.file',
  EISDIR: 'it is a folder: name a file in log.file',
}

function describeDrop({ lines, bytes, to, error }: Extract<SupervisorEvent, { type: 'output.dropped' }>): string {
  const what = `${count(lines, 'line')} of output (${size(bytes)}) did not reach ${to}`
  if (error === null) return `${what}: it was read more slowly than written, and resil does not wait for readers`
  const cure = WRITE_ERRORS[error]
  return cure === undefined ? `${what}: writing failed with ${error}` : `${what}: ${cure} (${error})`
}
