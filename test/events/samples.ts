// One table of events with what is said about them and how loudly. The type makes a missing event type a compile error.

import type { CanaryReport } from '../../src/events/canary-report.ts'
import type { ResilEvent } from '../../src/events/events.ts'
import type { ExitDetails } from '../../src/events/exit.ts'
import type { Severity } from '../../src/events/severity.ts'
import { STANDBY_SLOT, type WorkerRef } from '../../src/events/worker-ref.ts'

type EventOf<Type extends ResilEvent['type']> = Omit<Extract<ResilEvent, { type: Type }>, 'type'>
type Rows = {
  readonly [Type in ResilEvent['type']]: readonly [
    readonly [event: EventOf<Type>, severity: Severity, text: string],
    ...(readonly [event: EventOf<Type>, severity: Severity, text: string])[],
  ]
}

const worker: WorkerRef = { app: 'web', slot: 2, id: 9, pid: 4121, generation: 1 }
const exit: ExitDetails = {
  kind: 'signal',
  code: null,
  signal: 'SIGKILL',
  uptimeMs: 182_000,
  errorCode: null,
  port: null,
  atMs: 0,
}
const boot: ExitDetails = { ...exit, kind: 'boot-failure', code: 1, signal: null, uptimeMs: 130 }
const request = 'r1'
const canary: CanaryReport = {
  observedMs: 60_000,
  fresh: { answered: 400, failed: 1, lagMs: 3 },
  old: { answered: 1_200, failed: 0, lagMs: null },
  maxErrorRate: 0.01,
  maxLagP99Ms: 100,
  because: null,
}

const rows: Rows = {
  'supervisor.started': [
    [
      {
        name: 'shop',
        pid: 1,
        version: '0.1.0',
        node: 'v20.20.2',
        apps: [
          { name: 'web', script: '/app/server.js', instances: 4, reason: '-w 4' },
          { name: 'cron', script: '/app/cron.js', instances: 1, reason: 'config' },
        ],
        socket: '/run/resil/shop.sock',
      },
      'info',
      'shop started (pid 1, resil 0.1.0, Node v20.20.2): 4 workers of web (/app/server.js; -w 4) and 1 worker of cron (/app/cron.js; config); control socket /run/resil/shop.sock',
    ],
    [
      {
        name: 'shop',
        pid: 1,
        version: '0.1.0',
        node: 'v20.20.2',
        apps: [{ name: 'web', script: '/app/server.js', instances: 1, reason: 'auto: 1 CPU' }],
        socket: null,
      },
      'info',
      'shop started (pid 1, resil 0.1.0, Node v20.20.2): 1 worker of web (/app/server.js; auto: 1 CPU); no control socket, so that status and reload cannot reach it',
    ],
  ],
  'supervisor.signalled': [
    [{ signal: 'SIGTERM', action: 'stop' }, 'info', 'received SIGTERM: stopping gracefully; a second one forces'],
    [{ signal: 'SIGINT', action: 'force-stop' }, 'info', 'received SIGINT: stopping by force'],
    [{ signal: 'SIGHUP', action: 'reload' }, 'info', 'received SIGHUP: reloading'],
    [{ signal: 'SIGTTIN', action: 'scale-up' }, 'info', 'received SIGTTIN: one worker more'],
    [{ signal: 'SIGTTOU', action: 'scale-down' }, 'info', 'received SIGTTOU: one worker less'],
    [{ signal: 'SIGUSR2', action: 'ignored' }, 'info', 'received SIGUSR2: ignored'],
  ],
  'supervisor.stopping': [
    [
      { cause: 'SIGTERM', deadlineMs: 25_000, forced: false },
      'info',
      'stopping (SIGTERM): workers have 25 s to finish',
    ],
    [{ cause: 'SIGINT', deadlineMs: 0, forced: true }, 'warn', 'stopping by force (SIGINT): workers are killed'],
  ],
  'supervisor.stopped': [
    [{ exitCode: 0, cause: 'SIGTERM' }, 'info', 'stopped (SIGTERM), exit code 0'],
    [{ exitCode: 70, cause: 'web is given up' }, 'error', 'stopped (web is given up), exit code 70'],
  ],
  'supervisor.shortOfDescriptors': [
    [
      { open: 58, limit: 64 },
      'warn',
      'the supervisor itself runs out of file descriptors (58 of 64 open): soon it can neither take connections nor start workers; raise the limit (LimitNOFILE=, docker --ulimit nofile=, ulimit -n) and start it again',
    ],
  ],
  'supervisor.overslept': [
    [
      { lateMs: 30_000 },
      'warn',
      'the supervisor itself did not run for 30 s (stopped, paused, or starved of CPU): no worker is blamed for that time',
    ],
  ],
  'supervisor.faulted': [
    [
      { message: 'x is not\na function', stack: 'Error: x' },
      'error',
      'internal fault: x is not a function; this is a bug in resil, please report it',
    ],
  ],
  'invariant.violated': [
    [
      { invariant: 5, message: 'two trials behind one gate' },
      'error',
      'invariant 5 was violated: two trials behind one gate; this is a bug in resil, please report it',
    ],
  ],
  'output.dropped': [
    [
      { bytes: 3482, lines: 40, to: 'stdout', error: null },
      'warn',
      '40 lines of output (3.4 KiB) did not reach stdout: it was read more slowly than written, and resil does not wait for readers',
    ],
    [
      { bytes: 80, lines: 1, to: '/var/log/web.log', error: 'ENOSPC' },
      'warn',
      '1 line of output (80 B) did not reach /var/log/web.log: no space is left: free some, or move log.file (ENOSPC)',
    ],
    [
      { bytes: 80, lines: 1, to: '/var/log/web.log', error: 'EMFILE' },
      'warn',
      '1 line of output (80 B) did not reach /var/log/web.log: writing failed with EMFILE',
    ],
  ],
  'log.rotationFailed': [
    [
      { file: '/var/log/web.log', error: 'EACCES' },
      'warn',
      '/var/log/web.log could not be rotated (EACCES) and grows past log.maxSize: let resil write in its folder',
    ],
  ],
  'supervisor.warned': [
    [
      { message: 'two workers of a cron job do everything twice' },
      'warn',
      'two workers of a cron job do everything twice',
    ],
  ],
  'orphans.ended': [
    [{ pids: [4121] }, 'warn', '1 worker of an earlier supervisor that was killed lived on and was ended (pid 4121)'],
    [
      { pids: [4121, 4122] },
      'warn',
      '2 workers of an earlier supervisor that was killed lived on and were ended (pid 4121 and 4122)',
    ],
  ],
  'control.recreated': [
    [
      { socket: '/tmp/resil-0/shop.sock' },
      'warn',
      'control socket /tmp/resil-0/shop.sock had been removed and was created again: exempt it from clean-up jobs',
    ],
  ],
  'admin.listening': [
    [{ host: '127.0.0.1', port: 9464 }, 'info', 'admin port: http://127.0.0.1:9464'],
    [{ host: '::', port: 9464 }, 'info', 'admin port: http://[::]:9464'],
  ],
  'admin.listenFailed': [
    [
      { host: '127.0.0.1', port: 9464, code: 'EADDRINUSE', owner: 'pid 12 (node other.js)', retryInMs: 5_000 },
      'error',
      "the admin port 127.0.0.1:9464 can't be opened (pid 12 (node other.js) listens there: set another admin.port): the service runs, but probes and metrics get no answer; tried again each 5 s",
    ],
    [
      { host: '0.0.0.0', port: 80, code: 'EACCES', owner: null, retryInMs: 5_000 },
      'error',
      "the admin port 0.0.0.0:80 can't be opened (permission denied: set an admin.port of 1024 or above): the service runs, but probes and metrics get no answer; tried again each 5 s",
    ],
    [
      { host: '10.9.9.9', port: 9464, code: 'EADDRNOTAVAIL', owner: null, retryInMs: 5_000 },
      'error',
      "the admin port 10.9.9.9:9464 can't be opened (admin.host is no address of this machine: EADDRNOTAVAIL): the service runs, but probes and metrics get no answer; tried again each 5 s",
    ],
    [
      { host: '::1', port: 9464, code: 'EADDRINUSE', owner: null, retryInMs: 5_000 },
      'error',
      "the admin port [::1]:9464 can't be opened (it is in use: set another admin.port): the service runs, but probes and metrics get no answer; tried again each 5 s",
    ],
    [
      { host: '127.0.0.1', port: 9464, code: 'EMFILE', owner: null, retryInMs: 5_000 },
      'error',
      "the admin port 127.0.0.1:9464 can't be opened (EMFILE): the service runs, but probes and metrics get no answer; tried again each 5 s",
    ],
  ],
  'app.waiting': [
    [{ app: 'web', dependsOn: ['db'] }, 'info', 'web waits until db is ready'],
    [{ app: 'web', dependsOn: ['db', 'cache'] }, 'info', 'web waits until db and cache are ready'],
  ],
  'app.running': [
    [
      { app: 'web', ready: 4, instances: 4, ports: [3000], bootMs: 1230 },
      'info',
      'web is running: 4 of 4 workers ready on port 3000 after 1.2 s',
    ],
    [
      { app: 'web', ready: 1, instances: 1, ports: [80, 443], bootMs: 300 },
      'info',
      'web is running: 1 of 1 worker ready on ports 80 and 443 after 300 ms',
    ],
    [
      { app: 'cron', ready: 1, instances: 1, ports: [], bootMs: 10_000 },
      'info',
      'cron is running: 1 of 1 worker ready after 10 s',
    ],
  ],
  'app.degraded': [[{ app: 'web', ready: 3, instances: 4 }, 'warn', 'web is degraded: 3 of 4 workers ready']],
  'app.failed': [
    [
      { app: 'web', reason: 'never-ready', exit: boot },
      'error',
      'web never became ready and is given up (its last worker failed to boot: exited with code 1 after 130 ms): mend what its own output says, then start it again',
    ],
    [
      { app: 'web', reason: 'exhausted', exit: null },
      'error',
      'web is given up, because its workers do not stay up: mend what its own output says, then start it again',
    ],
    [
      { app: 'web', reason: 'dependency', exit: null },
      'error',
      'web is given up, because an app that it depends on failed or was stopped',
    ],
  ],
  'app.ended': [
    [{ app: 'job', exitCode: 0 }, 'info', 'job has ended: its restart policy starts no worker again (exit code 0)'],
    [{ app: 'job', exitCode: 3 }, 'warn', 'job has ended: its restart policy starts no worker again (exit code 3)'],
  ],
  'app.scaled': [[{ app: 'web', request, from: 2, to: 4 }, 'info', 'web is scaled from 2 to 4 workers']],
  'app.standbyRefused': [
    [
      { app: 'mailer', reason: 'never-listens' },
      'warn',
      "mailer can't have standbys: it never listens, so a second one would do its work twice; set standby to 0",
    ],
    [
      { app: 'web', reason: 'listens-alone' },
      'warn',
      "web can't have standbys: it listens past the cluster (exclusive, or reusePort), so a standby would answer clients; set standby to 0",
    ],
  ],
  'app.stopped': [[{ app: 'web' }, 'info', 'web is stopped']],
  'slot.parked': [[{ app: 'web', slot: 2 }, 'info', 'web:2 is stopped and stays so until "resil restart web:2"']],
  'worker.forked': [
    [{ worker, trial: false }, 'debug', 'web:2 (pid 4121) was started'],
    [{ worker, trial: true }, 'debug', 'web:2 (pid 4121) was started as a trial'],
  ],
  'worker.listening': [
    [{ worker, port: 3000, address: null }, 'debug', 'web:2 (pid 4121) listens on port 3000'],
    [{ worker, port: 3000, address: '127.0.0.1' }, 'debug', 'web:2 (pid 4121) listens on 127.0.0.1:3000'],
    [{ worker, port: 3000, address: '::1' }, 'debug', 'web:2 (pid 4121) listens on [::1]:3000'],
    [{ worker, port: null, address: '/run/web.sock' }, 'debug', 'web:2 (pid 4121) listens on /run/web.sock'],
    [{ worker, port: null, address: null }, 'debug', 'web:2 (pid 4121) listens on an unnamed socket'],
  ],
  'worker.ready': [
    [{ worker, bootMs: 240, by: 'listening' }, 'info', 'web:2 (pid 4121) is ready after 240 ms'],
    [{ worker, bootMs: 240, by: 'message' }, 'info', 'web:2 (pid 4121) is ready after 240 ms (it said so)'],
    [{ worker, bootMs: 10_000, by: 'started' }, 'info', 'web:2 (pid 4121) is ready after 10 s (loaded and alive)'],
  ],
  'worker.listenFailed': [
    [
      { worker, code: 'EADDRINUSE', port: 3000, address: null, owner: 'pid 77 (node other.js)' },
      'error',
      'web: port 3000 is already in use by pid 77 (node other.js): stop it, or change the port',
    ],
    [
      { worker, code: 'EADDRINUSE', port: null, address: '/run/web.sock', owner: null },
      'error',
      'web: socket /run/web.sock is already in use by another process: stop it, or change the path',
    ],
    [
      { worker, code: 'EACCES', port: 80, address: null, owner: null },
      'error',
      'web: port 80 is not permitted: listen on 1024 or above, or grant CAP_NET_BIND_SERVICE',
    ],
    [
      { worker, code: 'EACCES', port: null, address: '/run/web.sock', owner: null },
      'error',
      'web: socket /run/web.sock is not permitted: change it, or the permissions',
    ],
    [
      { worker, code: 'EADDRNOTAVAIL', port: 3000, address: '10.1.2.3', owner: null },
      'error',
      'web: 10.1.2.3 is no address of this machine: listen on one that is, or on 0.0.0.0',
    ],
    [
      { worker, code: 'EMFILE', port: 3000, address: null, owner: null },
      'error',
      'web: listening on port 3000 failed (EMFILE)',
    ],
  ],
  'worker.draining': [
    [
      { worker, cause: 'reload', deadlineMs: 23_000 },
      'debug',
      'web:2 (pid 4121) takes nothing new and has 23 s to finish (reload)',
    ],
  ],
  'worker.standing': [
    [
      { worker: { ...worker, slot: STANDBY_SLOT }, bootMs: 240 },
      'info',
      'web:standby (pid 4121) stands by, booted in 240 ms',
    ],
  ],
  'worker.promoted': [[{ worker }, 'info', 'web:2 (pid 4121) was standing by and takes the place of the last worker']],
  'worker.rotated': [
    [
      { worker, inRotation: false, detail: 'GET /ready: 503' },
      'warn',
      'web:2 (pid 4121) fails its readiness probe (GET /ready: 503): it gets no new connections until it passes, and keeps those that it has',
    ],
    [
      { worker, inRotation: true, detail: 'GET /ready: 200' },
      'info',
      'web:2 (pid 4121) gets new connections again (GET /ready: 200)',
    ],
  ],
  'worker.replacing': [
    [{ worker, cause: 'age' }, 'info', 'web:2 (pid 4121) has reached recycle.maxAge: a new worker boots beside it'],
    [{ worker, cause: 'memory' }, 'info', 'web:2 (pid 4121) is over its memory limit: a new worker boots beside it'],
  ],
  'worker.replaced': [
    [
      { worker, cause: 'lag', by: { ...worker, id: 10, pid: 4200 }, bootMs: 230 },
      'info',
      'web:2 (pid 4121) has an event loop that lags: web:2 (pid 4200) has taken its place after 230 ms, and it drains',
    ],
  ],
  'worker.suspected': [
    [
      { worker, silentMs: 2_510 },
      'warn',
      'web:2 (pid 4121) has not been heard of for 2.5 s: its event loop may not turn, and it gets no new connections',
    ],
  ],
  'worker.cutOff': [
    [
      { worker, connections: 2 },
      'warn',
      'web:2 (pid 4121) cut off 2 connections with something in hand: shutdown.deadline was over',
    ],
  ],
  'worker.recovered': [[{ worker, silentMs: 4_000 }, 'info', 'web:2 (pid 4121) is heard of again, after 4 s']],
  'worker.replacementFailed': [
    [
      {
        worker,
        exit: { ...boot, uptimeMs: 40 },
        retryInMs: 1_000,
      },
      'warn',
      'web:2 (pid 4121) could not be replaced: the new worker failed to boot: exited with code 1 after 40 ms; this one serves on, next attempt in 1 s',
    ],
  ],
  'worker.signalled': [
    [
      { worker, signal: 'SIGTERM', reason: 'boot-timeout' },
      'warn',
      'web:2 (pid 4121) was sent SIGTERM: it was not ready in time',
    ],
    [
      { worker, signal: 'SIGKILL', reason: 'drain-deadline' },
      'warn',
      'web:2 (pid 4121) was sent SIGKILL: it had not finished by its deadline',
    ],
    [
      { worker, signal: 'SIGKILL', reason: 'unresponsive' },
      'warn',
      'web:2 (pid 4121) was sent SIGKILL: it did not respond',
    ],
    [{ worker, signal: 'SIGKILL', reason: 'forced' }, 'warn', 'web:2 (pid 4121) was sent SIGKILL: the stop is forced'],
    ...(['stop', 'reload', 'restart', 'scale', 'rollback'] as const).map(
      (reason) =>
        [
          { worker, signal: 'SIGTERM', reason },
          'debug',
          `web:2 (pid 4121) was sent SIGTERM: ${reason}, and it was not ready yet`,
        ] as const,
    ),
  ],
  'worker.exited': [
    [
      { worker, exit, after: { do: 'restart', delayMs: 0 }, crashes: 1 },
      'warn',
      'web:2 (pid 4121) was killed by SIGKILL after 3 min 2 s; restarting at once (1st crash)',
    ],
    [
      {
        worker,
        exit: { ...exit, kind: 'code', code: 1, signal: null },
        after: { do: 'restart', delayMs: 1234 },
        crashes: 2,
      },
      'warn',
      'web:2 (pid 4121) exited with code 1 after 3 min 2 s; restarting in 1.2 s (2nd crash)',
    ],
    [
      { worker, exit, after: { do: 'wait-for-gate' }, crashes: 6 },
      'warn',
      'web:2 (pid 4121) was killed by SIGKILL after 3 min 2 s; restarts are held (6th crash)',
    ],
    [
      {
        worker,
        exit: { ...exit, kind: 'clean', code: 0, signal: null },
        after: { do: 'restart', delayMs: 0 },
        crashes: 1,
      },
      'warn',
      'web:2 (pid 4121) ended by itself with code 0 after 3 min 2 s; restarting at once (1st crash): set restart.policy to on-failure where ending is meant',
    ],
    [
      {
        worker,
        exit: { ...exit, kind: 'clean', code: 0, signal: null, errorCode: 'EADDRINUSE', port: 3000 },
        after: { do: 'restart', delayMs: 0 },
        crashes: 1,
      },
      'warn',
      'web:2 (pid 4121) ended with code 0 after 3 min 2 s; it could not listen on port 3000 (EADDRINUSE); restarting at once (1st crash)',
    ],
    [
      { worker, exit: { ...exit, kind: 'clean', code: 0, signal: null }, after: { do: 'nothing' }, crashes: 0 },
      'info',
      'web:2 (pid 4121) ended by itself with code 0 after 3 min 2 s',
    ],
    [
      { worker, exit: { ...exit, kind: 'clean', code: 0, signal: null }, after: { do: 'park' }, crashes: 0 },
      'info',
      'web:2 (pid 4121) ended by itself with code 0 after 3 min 2 s; it is not started again until "resil restart web:2"',
    ],
    [
      { worker, exit: { ...exit, kind: 'code', code: 78, signal: null }, after: { do: 'park' }, crashes: 0 },
      'warn',
      'web:2 (pid 4121) exited with code 78 after 3 min 2 s; it is not started again until "resil restart web:2"',
    ],
    [
      { worker, exit: { ...exit, kind: 'oom' }, after: { do: 'restart', delayMs: 0 }, crashes: 1 },
      'error',
      'web:2 (pid 4121) was killed for want of memory (SIGKILL) after 3 min 2 s; restarting at once (1st crash): raise the memory limit, start fewer workers, or look for a leak',
    ],
    [
      { worker, exit: boot, after: { do: 'restart', delayMs: 0 }, crashes: 1 },
      'error',
      'web:2 (pid 4121) failed to boot: exited with code 1 after 130 ms; restarting at once (1st crash)',
    ],
    [
      {
        worker,
        exit: { ...boot, errorCode: 'EADDRINUSE', port: 3000 },
        after: { do: 'restart', delayMs: 1000 },
        crashes: 2,
      },
      'error',
      'web:2 (pid 4121) failed to boot: it could not listen on port 3000 (EADDRINUSE) and exited with code 1 after 130 ms; restarting in 1 s (2nd crash)',
    ],
    [
      { worker, exit: { ...boot, errorCode: 'EACCES' }, after: { do: 'nothing' }, crashes: 0 },
      'error',
      'web:2 (pid 4121) failed to boot: it could not listen (EACCES) and exited with code 1 after 130 ms',
    ],
    [
      {
        worker,
        exit: { ...exit, kind: 'boot-timeout', signal: 'SIGTERM', uptimeMs: 30_100 },
        after: { do: 'restart', delayMs: 0 },
        crashes: 1,
      },
      'error',
      'web:2 (pid 4121) was not ready in time and was ended after 30 s; restarting at once (1st crash): raise ready.timeout, or find what it waits for',
    ],
    [
      {
        worker: { ...worker, pid: null },
        exit: { ...exit, kind: 'fork-failed', signal: null, uptimeMs: 0, errorCode: 'EAGAIN' },
        after: { do: 'restart', delayMs: 1000 },
        crashes: 2,
      },
      'error',
      'web:2 could not be forked (EAGAIN); restarting in 1 s (2nd crash): raise the limit on processes (ulimit -u, pids.max), or start fewer workers',
    ],
    [
      {
        worker: { ...worker, pid: null },
        exit: { ...exit, kind: 'fork-failed', signal: null, uptimeMs: 0, errorCode: 'ENOMEM' },
        after: { do: 'restart', delayMs: 0 },
        crashes: 1,
      },
      'error',
      'web:2 could not be forked (ENOMEM); restarting at once (1st crash): free memory, or start fewer workers',
    ],
    [
      { worker, exit: { ...exit, kind: 'planned', signal: 'SIGTERM' }, after: { do: 'nothing' }, crashes: 0 },
      'debug',
      'web:2 (pid 4121) ended as planned after 3 min 2 s',
    ],
  ],
  'watchdog.calmed': [
    [{ worker, watchdog: 'memory' }, 'info', 'web:2 (pid 4121) is below its memory limit again'],
    [{ worker, watchdog: 'cpu' }, 'info', 'web:2 (pid 4121) is below its CPU limit again'],
    [{ worker, watchdog: 'event-loop' }, 'info', 'web:2 (pid 4121) has an event loop that keeps up again'],
    [{ worker, watchdog: 'descriptors' }, 'info', 'web:2 (pid 4121) has file descriptors to spare again'],
    [{ worker, watchdog: 'probe' }, 'info', 'web:2 (pid 4121) passes its probe again'],
  ],
  'watchdog.tripped': [
    [
      {
        worker,
        watchdog: 'memory',
        action: 'replace',
        measured: 500 * 2 ** 20,
        limit: 400 * 2 ** 20,
        unit: 'bytes',
        detail: 'for 5 s',
      },
      'warn',
      'web:2 (pid 4121) takes too much memory (500 MiB, limit 400 MiB; for 5 s): it is replaced',
    ],
    [
      { worker, watchdog: 'hang', action: 'kill', measured: 10_200, limit: 10_000, unit: 'ms', detail: '' },
      'warn',
      'web:2 (pid 4121) hangs (10 s, limit 10 s): it is killed, and replaced',
    ],
    [
      { worker, watchdog: 'event-loop', action: 'report', measured: 0.97, limit: 0.9, unit: 'ratio', detail: '' },
      'warn',
      'web:2 (pid 4121) has a slow event loop (97 %, limit 90 %): it is left alone',
    ],
    [
      { worker, watchdog: 'cpu', action: 'report', measured: 1, limit: 0.9, unit: 'ratio', detail: 'for 30 s' },
      'warn',
      'web:2 (pid 4121) takes too much CPU (100 %, limit 90 %; for 30 s): it is left alone',
    ],
    [
      {
        worker,
        watchdog: 'descriptors',
        action: 'replace',
        measured: 60,
        limit: 64,
        unit: 'descriptors',
        detail: 'for 10 s; 98 % of them /var/log/app.log',
      },
      'warn',
      'web:2 (pid 4121) runs out of file descriptors (60 of 64 open; for 10 s; 98 % of them /var/log/app.log): it is replaced',
    ],
    [
      {
        worker,
        watchdog: 'probe',
        action: 'kill',
        measured: 3,
        limit: 3,
        unit: 'failures',
        detail: 'GET /healthz: 503',
        evidence: { kind: 'none', reason: 'a probe takes none' },
      },
      'warn',
      'web:2 (pid 4121) fails its probe (3 times in a row; GET /healthz: 503): it is killed, and replaced',
    ],
    [
      {
        worker,
        watchdog: 'probe',
        action: 'report',
        measured: 3,
        limit: 3,
        unit: 'failures',
        detail: 'readiness: GET /ready: 503',
      },
      'warn',
      'web:2 (pid 4121) fails its probe (3 times in a row; readiness: GET /ready: 503): it is not ended for that',
    ],
  ],
  'evidence.taken': [
    [
      {
        worker,
        evidence: {
          kind: 'stack',
          frames: [{ name: 'spin', file: '/app/server.js', line: 12, column: 7 }],
          tookMs: 40,
        },
      },
      'info',
      'web:2 (pid 4121): its main thread is in spin (/app/server.js:12:7)',
    ],
    [
      { worker, evidence: { kind: 'stack', frames: [], tookMs: 40 } },
      'info',
      'web:2 (pid 4121): its main thread runs no JavaScript',
    ],
    [
      {
        worker,
        evidence: { kind: 'triage', state: 'R', waitsIn: null, finding: 'on a CPU, in native code' },
      },
      'info',
      'web:2 (pid 4121): no stack, but the kernel says: on a CPU, in native code',
    ],
    [
      {
        worker,
        evidence: {
          kind: 'cpu-profile',
          file: '/var/lib/resil/web.cpuprofile',
          durationMs: 5_000,
          top: [{ name: '', file: null, line: null, column: null, selfRatio: 0.81 }],
        },
      },
      'info',
      'web:2 (pid 4121): a CPU profile of 5 s, 81 % of it in (anonymous), in /var/lib/resil/web.cpuprofile',
    ],
    [
      {
        worker,
        evidence: {
          kind: 'heap-statistics',
          numbers: { used_heap_size: 90 * 2 ** 20, heap_size_limit: 100 * 2 ** 20 },
        },
      },
      'info',
      'web:2 (pid 4121): heap statistics: 90 MiB of at most 100 MiB in use',
    ],
    [
      { worker, evidence: { kind: 'heap-snapshot', file: '/tmp/a.heapsnapshot', bytes: 2 ** 20 } },
      'info',
      'web:2 (pid 4121): a heap snapshot (1 MiB) in /tmp/a.heapsnapshot',
    ],
    [
      { worker, evidence: { kind: 'report', file: '/tmp/report.json' } },
      'info',
      'web:2 (pid 4121): a diagnostic report in /tmp/report.json',
    ],
    [
      {
        worker,
        evidence: {
          kind: 'report',
          file: '/tmp/report.json',
          event: 'JavaScript heap out of memory',
          heap: { usedBytes: 31 * 2 ** 20, limitBytes: 80 * 2 ** 20 },
        },
      },
      'info',
      'web:2 (pid 4121): a diagnostic report (JavaScript heap out of memory; 31 MiB of heap in use, of at most 80 MiB) in /tmp/report.json',
    ],
    [
      { worker, evidence: { kind: 'none', reason: 'the inspector did not answer within 1 s' } },
      'info',
      'web:2 (pid 4121): no evidence: the inspector did not answer within 1 s',
    ],
  ],
  'incident.opened': [
    [
      {
        incident: '1r4k9z',
        kind: 'crash',
        app: 'web',
        summary: 'web:2 exited',
        hint: 'TypeError: x is not a function',
      },
      'info',
      'incident 1r4k9z is open: crash of web (TypeError: x is not a function); "resil why 1r4k9z" tells all',
    ],
    [
      { incident: '1r4k9z', kind: 'disk-full', app: null, summary: 'lines were lost', hint: null },
      'info',
      'incident 1r4k9z is open: disk-full; "resil why 1r4k9z" tells all',
    ],
  ],
  'incident.worsened': [
    [
      {
        incident: '1r4k9z',
        kind: 'crash-loop',
        from: 'crash',
        app: 'web',
        summary: 'web:2 exited',
        hint: null,
      },
      'info',
      'incident 1r4k9z was a crash, and is a crash-loop of web; "resil why 1r4k9z" tells all',
    ],
  ],
  'incident.resolved': [
    [
      { incident: '1r4k9z', kind: 'crash', app: 'web', failures: 1, lastedMs: 1_200 },
      'info',
      'incident 1r4k9z (crash of web) is over; it lasted 1.2 s',
    ],
    [
      { incident: '1r4k9z', kind: 'crash-loop', app: 'web', failures: 7, lastedMs: 90_000 },
      'info',
      'incident 1r4k9z (crash-loop of web, 7 failures) is over; it lasted 1 min 30 s',
    ],
  ],
  'incidents.unsaved': [
    [
      { dir: '/var/lib/resil/web', error: 'ENOSPC' },
      'warn',
      'incidents can not be written to /var/lib/resil/web (ENOSPC) and are kept in memory: free some space, or set stateDir to another folder',
    ],
    [
      { dir: '/var/lib/resil/web', error: 'EROFS' },
      'warn',
      'incidents can not be written to /var/lib/resil/web (EROFS) and are kept in memory: let resil write there, or set stateDir to another folder',
    ],
  ],
  'hook.failed': [
    [
      { hook: 'onCrash', app: 'web', target: 'notify.sh', reason: 'exited with code 3' },
      'warn',
      'hook onCrash of web failed: notify.sh exited with code 3; that is told once until it works again',
    ],
  ],
  'hook.recovered': [
    [
      { hook: 'onCrash', app: 'web', target: 'https://hooks.example', failures: 3 },
      'info',
      'hook onCrash of web works again: https://hooks.example, after 3 failures',
    ],
  ],
  'hook.dropped': [
    [{ count: 12 }, 'warn', '12 calls of hooks were left out: more happened than they could be told; make them faster'],
  ],
  'gate.opened': [
    [
      { app: 'web', slot: 1, cause: 'crash-window', crashes: 6, retryInMs: 30_000 },
      'error',
      'web:1 crashed 6 times within restart.window: restarts are held; one trial in 30 s',
    ],
    [
      { app: 'web', slot: null, cause: 'storm-budget', crashes: 9, retryInMs: 30_000 },
      'error',
      'web crashes faster than restart.storm allows over all its workers: restarts are held; one trial in 30 s',
    ],
    [
      { app: 'web', slot: 1, cause: 'trial-failed', crashes: 7, retryInMs: 60_000 },
      'error',
      'web:1 failed its trial: restarts are still held; one trial in 1 min',
    ],
    [
      { app: 'web', slot: 1, cause: 'crash-window', crashes: 6, retryInMs: Number.POSITIVE_INFINITY },
      'error',
      'web:1 crashed 6 times within restart.window: restarts are held until "resil restart web:1"',
    ],
  ],
  'gate.trialStarted': [
    [
      { app: 'web', slot: 2, worker },
      'info',
      'web:2 (pid 4121) is on trial: if it stays up, restarts of web:2 are no longer held',
    ],
  ],
  'gate.closed': [[{ app: 'web', slot: 2 }, 'info', 'web:2 stays up again: restarts are no longer held']],
  'breaker.opened': [
    [
      { app: 'web', name: 'payments', openIn: 1, workers: 4 },
      'warn',
      'web: circuit breaker "payments" has opened, in 1 worker so far: its calls fail at once until trial calls succeed; mend what it calls',
    ],
  ],
  'breaker.closed': [
    [{ app: 'web', name: 'payments' }, 'info', 'web: circuit breaker "payments" is open in no worker any more'],
  ],
  'chaos.injecting': [
    [
      { app: 'web', name: 'payments', injected: 1 },
      'warn',
      'web: chaos() "payments" makes calls fail on purpose (1 fault so far), since chaos.allowed is true',
    ],
  ],
  'chaos.ended': [
    [
      { app: 'web', name: 'payments', injected: 17, quietMs: 60_000 },
      'info',
      'web: chaos() "payments" has injected nothing for 1 min (17 faults in all)',
    ],
  ],
  'reload.started': [
    [
      { app: 'web', generation: 3, request, restart: false, slots: 4 },
      'info',
      'web: reload to generation 3 begins, 4 workers',
    ],
    [{ app: 'web', generation: 2, request, restart: true, slots: 1 }, 'info', 'web: restart begins, 1 worker'],
  ],
  'reload.slotReplaced': [
    [
      { app: 'web', generation: 3, request, slot: 2, bootMs: 250, pid: 4200 },
      'info',
      'web:2 is replaced in generation 3 (pid 4200), ready after 250 ms',
    ],
    [
      { app: 'web', generation: 3, request, slot: 2, bootMs: 250, pid: null },
      'info',
      'web:2 is replaced in generation 3, ready after 250 ms',
    ],
  ],
  'reload.finished': [
    [
      { app: 'web', generation: 3, request, tookMs: 4100 },
      'info',
      'web: all workers are of generation 3 and ready, after 4.1 s',
    ],
  ],
  'reload.rolledBack': [
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'boot-failure', exit: boot, missing: [] },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: web:0 failed to boot: exited with code 1 after 130 ms',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'hang', exit: null, missing: [] },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: the event loop of web:0 does not turn',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'stalled', exit: null, missing: [], stall: 'silent' },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: the event loop of web:0 does not turn',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'stalled', exit: null, missing: [], stall: 'dependency' },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: web still waits for an app that it depends on; `resil status` shows which',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'stalled', exit: null, missing: [], stall: 'unkillable' },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: a worker of web:0 does not end, though it was sent SIGKILL: the kernel holds it, as a rule for a disk or a network file system',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'stalled', exit: null, missing: [], stall: 'unready' },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: web:0 gets no traffic, since its readiness probe fails',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'stalled', exit: null, missing: [], stall: 'floor' },
        tookMs: 900,
      },
      'error',
      "web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: the new web:0 is there, and the old one can't go: fewer workers are ready than reload.maxUnavailable asks for",
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'stalled', exit: null, missing: [], stall: 'room' },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: web:0 got no further: other workers boot, or take the place of the extra worker',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: {
          slot: 0,
          worker: 12,
          reason: 'canary',
          exit: null,
          missing: [],
          canary: {
            ...canary,
            fresh: { answered: 100, failed: 12, lagMs: 3 },
            old: { answered: 300, failed: 3, lagMs: 2 },
            because: 'errors',
          },
        },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: the new release failed 12 of 100 requests (12 %), the old one 3 of 300 requests (1 %); reload.canary.maxErrorRate is 1 %',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: {
          slot: 0,
          worker: 12,
          reason: 'canary',
          exit: null,
          missing: [],
          canary: {
            ...canary,
            fresh: { answered: 100, failed: 0, lagMs: 340 },
            old: { answered: 0, failed: 0, lagMs: 2 },
            because: 'lag',
          },
        },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: the event loop of the new release was 340 ms late, that of the old one 2 ms; reload.canary.maxLagP99 is 100 ms',
    ],
    [
      {
        app: 'web',
        generation: 3,
        request,
        kept: 4,
        failure: { slot: 0, worker: 12, reason: 'missing-port', exit: null, missing: ['3000', '3001'] },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 failed after 900 ms and was rolled back, 4 workers kept: web:0 did not listen on 3000 and 3001, which the workers before it did; if that is meant, reload with --allow-port-change',
    ],
  ],
  'reload.canaryStarted': [
    [
      { app: 'web', generation: 3, request, slots: [0, 1], observeMs: 60_000 },
      'info',
      'web:0 and web:1 try generation 3 for 1 min before the others follow',
    ],
    [
      { app: 'web', generation: 3, request, slots: [0], observeMs: 30_000 },
      'info',
      'web:0 tries generation 3 for 30 s before the others follow',
    ],
  ],
  'reload.canaryPassed': [
    [
      { app: 'web', generation: 3, request, report: canary },
      'info',
      'web: the canary of generation 3 has passed after 1 min: the new release failed 1 of 400 requests (0.3 %), the old one none of 1200 requests',
    ],
  ],
  'reload.halted': [
    [
      {
        app: 'web',
        generation: 3,
        request,
        replaced: 2,
        failure: { slot: 0, worker: 12, reason: 'boot-failure', exit: boot, missing: [] },
        tookMs: 900,
      },
      'error',
      'web: reload to generation 3 stopped after 900 ms and was not rolled back (reload.rollback is false), 2 workers of it serve beside the old ones: web:0 failed to boot: exited with code 1 after 130 ms',
    ],
  ],
  'reload.superseded': [
    [
      { app: 'web', generation: 3, request, restart: false, by: 'stop' },
      'warn',
      'web: reload to generation 3 ended early: the app is being stopped',
    ],
    [
      { app: 'web', generation: 3, request, restart: false, by: 'reload' },
      'warn',
      'web: reload to generation 3 ended early: a newer reload takes its place',
    ],
    [
      { app: 'web', generation: 3, request, restart: false, by: 'failure' },
      'warn',
      'web: reload to generation 3 ended early: the app was given up',
    ],
    [
      { app: 'web', generation: 2, request, restart: true, by: 'restart' },
      'warn',
      'web: restart ended early: a restart takes its place',
    ],
  ],
  'restart.failed': [
    [
      {
        app: 'web',
        request,
        failure: { slot: 1, worker: 0, reason: 'stalled', exit: null, missing: [], stall: 'gate' },
        tookMs: 31_000,
      },
      'error',
      'web: restart failed after 31 s, and later slots were left alone: web:1 crashed too often and waits for its gate; `resil restart web:1` opens that at once',
    ],
    [
      {
        app: 'web',
        request,
        failure: {
          slot: 1,
          worker: 12,
          reason: 'boot-timeout',
          exit: { ...exit, kind: 'boot-timeout', uptimeMs: 30_000 },
          missing: [],
        },
        tookMs: 31_000,
      },
      'error',
      'web: restart failed after 31 s, and later slots were left alone: web:1 was not ready in time and was ended after 30 s: raise ready.timeout, or find what it waits for',
    ],
    [
      {
        app: 'web',
        request,
        failure: { slot: 1, worker: 12, reason: 'fork-failed', exit: null, missing: [] },
        tookMs: 31_000,
      },
      'error',
      'web: restart failed after 31 s, and later slots were left alone: web:1 did not become ready (fork-failed)',
    ],
  ],
  'request.refused': [
    [{ app: 'web', request, reason: 'reload r0 is running' }, 'warn', 'web: request refused: reload r0 is running'],
  ],
}

/** The rows with their types filled in. */
export const samples = Object.entries(rows).flatMap(([type, list]) =>
  list.map(([fields, severity, text]) => ({ event: { type, ...fields } as ResilEvent, severity, text })),
)
