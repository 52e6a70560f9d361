// Sees to it that no worker outlives a supervisor that was killed (SIGKILL, out of memory). Idle workers notice by themselves;
// a blocked or stopped one does not. One small sh waits on a pipe that only the supervisor holds: at its end it lets requests in
// hand finish, then kills what is left. No native code, and no cost in the workers.

import { type ChildProcess, spawn } from 'node:child_process'
import { startTimeOf } from './start-time.ts'

export interface OrphanGuard {
  /** A worker has begun; from now on it does not outlive the supervisor. */
  add(pid: number): void
  remove(pid: number): void
  /** The supervisor ends in order: nothing is left to guard. */
  close(): void
}

/** Requests in hand of healthy workers may finish; invariant 12 leaves them six seconds. */
const GRACE_SECONDS = 5
/** A guard that ends sooner would only end again. */
const SHORTEST_LIFE_MS = 1_000

/**
 * A pid alone may belong to somebody else by then; with its start time it can't. In /proc/<pid>/stat the name in parentheses may
 * hold anything, newlines too, so the fields are counted after the last ")": the start time, field 22, is the 20th of those.
 * What a worker has started in its own session goes with it, for the reason that descendants.ts has. The guard leads a session of
 * its own and ignores what a terminal sends.
 */
const SCRIPT = `
trap '' HUP INT TERM QUIT
workers=' '
while read -r what pid start; do
  case $what in
    add) workers="$workers$pid:$start " ;;
    remove) before=\${workers%% $pid:*}; after=\${workers#* $pid:}; after=\${after#* }
      [ "$before" = "$workers" ] || workers="$before $after" ;;
    close) exit 0 ;;
  esac
done
[ "$workers" = ' ' ] && exit 0
sleep ${GRACE_SECONDS}
fields() {
  stat=''
  while IFS= read -r line || [ -n "$line" ]; do stat="$stat $line"; done 2>/dev/null < "$1"
  stat=\${stat##*) }
}
everybody=''
for file in /proc/[0-9]*/stat; do
  fields "$file"
  pid=\${file#/proc/}
  [ -n "$stat" ] || continue
  set -- $stat
  everybody="$everybody \${pid%/stat}:$2:$4"
done
for worker in $workers; do
  pid=\${worker%%:*}
  fields /proc/$pid/stat
  [ -n "$stat" ] || continue
  set -- $stat
  session=$4
  shift 19
  [ "$1" = "\${worker#*:}" ] || continue
  doomed=" $pid "
  grown=yes
  while [ -n "$grown" ]; do
    grown=''
    for one in $everybody; do
      parent=\${one#*:}
      [ "\${parent#*:}" = "$session" ] || continue
      case $doomed in
        *" \${one%%:*} "*) ;;
        *" \${parent%:*} "*) doomed="$doomed\${one%%:*} "; grown=yes ;;
      esac
    done
  done
  kill -KILL $doomed 2>/dev/null
done
`

/** Starts with the first worker, after it. `onMissing`: there is no sh here, so a blocked worker would live on. Told once. */
export function createOrphanGuard(onMissing: () => void): OrphanGuard {
  const guarded = new Map<number, string>()
  let guard: ChildProcess | null | undefined

  function tell(line: string): void {
    guard?.stdin?.write(`${line}\n`)
  }

  /** Somebody may kill it: it is replaced, unless that is how all of them end here. */
  function start(): void {
    const startedAt = performance.now()
    const started = startGuard((missing) => {
      if (guard !== started) return
      guard = null
      if (missing || performance.now() - startedAt < SHORTEST_LIFE_MS) onMissing()
      else start()
    })
    guard = started
    for (const [pid, began] of guarded) tell(`add ${pid} ${began}`)
  }

  return {
    add: (pid) => {
      const began = startTimeOf(pid)
      if (began === null) return
      guarded.set(pid, began)
      if (guard === undefined) start()
      else tell(`add ${pid} ${began}`)
    },
    remove: (pid) => {
      if (guarded.delete(pid)) tell(`remove ${pid} 0`)
    },
    close: () => {
      guard?.stdin?.end('close 0 0\n')
      guard = null
    },
  }
}

function startGuard(onEnd: (missing: boolean) => void): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  })
  guard.once('error', () => onEnd(true))
  guard.once('exit', () => onEnd(false))
  // A guard that somebody killed takes no more lines; the supervisor must not mind.
  guard.stdin?.on('error', () => {})
  // It ends when the supervisor does, so it is no reason for the supervisor to stay.
  guard.unref()
  ;(guard.stdin as { unref?: () => void } | null)?.unref?.()
  return guard
}
