// A supervisor's life, from settings to exit code: opens what it needs, lets the loop run, closes all of it.
// What is decided meanwhile is supervisor/; this only puts the parts together.

import { randomInt } from 'node:crypto'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '../clock.ts'
import { Cures, examineNet } from '../cluster-internals/cures.ts'
import { holdTheDoor } from '../cluster-internals/hold-the-door.ts'
import { LONGEST_HOLD_MS } from '../cluster-internals/waiting-line.ts'
import type { AdminSettings, Settings } from '../config/settings.ts'
import { identityOf } from '../control/socket-path.ts'
import type { PublishedEvent, ResilEvent } from '../events/events.ts'
import { createPublisher } from '../events/publisher.ts'
import { replacementDue } from '../supervisor/start-workers.ts'
import type { App } from '../supervisor/state/app.ts'
import { initialState, isDrainingProcess, type SupervisorState } from '../supervisor/state/supervisor.ts'
import { VERSION } from '../version.ts'
import type { PreparedAdmin } from './admin-port.ts'
import { guardAgainstOrphans } from './against-orphans.ts'
import { createControlPort } from './control-port.ts'
import { startDescriptorWatch } from './descriptor-watch.ts'
import { descriptorLimit, limitWarning } from './descriptors.ts'
import { takeEvidence } from './evidence/evidence.ts'
import { openFatalReports } from './evidence/fatal-report.ts'
import { createExecutor } from './execute.ts'
import { setSchedule } from './fork.ts'
import { guardAgainstFaults } from './guard-against-faults.ts'
import { startIncidentLog } from './incidents/incident-log.ts'
import { placeState } from './incidents/state-dir.ts'
import { type Loop, startLoop } from './loop.ts'
import { readOomKills } from './machine/oom-kills.ts'
import { readMachine } from './machine/read-machine.ts'
import { createOomWatch } from './oom-watch.ts'
import { openControl, socketPlace } from './open-control.ts'
import { openLog } from './output/log.ts'
import { reloadAll } from './reload-all.ts'
import { sampleWorkers } from './sample-workers.ts'
import { listenForSignals } from './signals.ts'
import { measureWorkers } from './status.ts'
import { watchStrategyTurns } from './strategy-turns.ts'

/** How long what was said last may take to reach a slow reader, before the supervisor leaves anyway. */
const FLUSH_MS = 1_000
const EVENTS_KEPT = 1_000
/** How long an end waits for incidents to be written and hooks to be called: little where somebody waits for it. */
const LAST_WORDS_MS = { afterStop: 1_000, afterFailure: 5_000 }

export interface SupervisorOptions {
  readonly settings: Settings
  /** false: detached; nobody waits for an exit code, so an exhausted app is probed for ever. */
  readonly foreground: boolean
  /** Reads config and envFile again for a reload. Throws ResilError where they are wrong. */
  readonly reread: () => Promise<Settings>
  /** What the person who starts should know; told once, at the start. */
  readonly warnings: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly clock?: Clock
  /** Hears of each event once the log has it. */
  readonly onEvent?: (event: PublishedEvent) => void
}

/** Resolves with the exit code when nothing is left to supervise. Rejects with a ResilError where it can't even begin. */
export async function runSupervisor(options: SupervisorOptions): Promise<number> {
  const { settings, env, clock = systemClock } = options
  const startedAt = clock.now()
  const publisher = createPublisher({ wallNow: clock.wallNow, capacity: EVENTS_KEPT })
  const publish = (event: ResilEvent): void => void publisher.publish(event)

  const admin = settings.admin === undefined ? null : await prepareAdmin(settings.admin, settings)
  if (admin !== null) publisher.subscribe(admin.observed.add)
  const place = socketPlace(settings, env)
  const log = await openLog({
    settings: settings.log,
    fds: { stdout: 1, stderr: 2 },
    // Asking process.stdout would make it: it turns the descriptor non-blocking, also for whoever shares it.
    isTty: { stdout: isatty(1), stderr: isatty(2) },
    env,
    clock,
    publisher,
    ...(options.onEvent !== undefined && { onWritten: options.onEvent }),
  })
  const identity = identityOf(settings)
  const state = placeState(identity, settings.stateDir, { env, uid: process.getuid?.() ?? 0 })
  const warnings = [
    ...place.warnings,
    ...state.warnings,
    ...limitWarning(descriptorLimit('self'), settings.apps),
    ...options.warnings,
  ]
  const supervisor = { name: settings.name, pid: process.pid, version: VERSION, node: process.version }
  let warn: (message: string) => void = (message) => void warnings.push(message)
  const cures = new Cures((message) => warn(message))
  await examineNet(cures)
  const port = createControlPort({ settings, supervisor, startedAt, env, clock, readAgain: options.reread }, () => ({
    loop,
    executor,
    sampler,
    door,
    cures,
    incidents,
    publisher,
    log,
    socket: control?.path ?? null,
  }))
  // The last to be waited for: whoever connects is answered after what follows has been set up.
  const control = await openControl(settings, place.path, { port, clock, publish }, warn).catch((error: unknown) => {
    log.close()
    throw error
  })
  const stopGuarding = guardAgainstFaults(publish)

  let exit: (code: number) => void = () => {}
  const ended = new Promise<number>((resolve) => {
    exit = resolve
  })
  const door = holdTheDoor({
    isKept: (name) => appOf(name)?.phase.status === 'active',
    mayHold: (name) => {
      const app = appOf(name)
      return app !== undefined && replacementDue(app, clock.now(), LONGEST_HOLD_MS)
    },
    isDraining: (worker) => isDrainingProcess(loop.state, worker.process.pid),
    hasSlot: (name, slot) => appOf(name)?.slots.some(({ number }) => number === slot) ?? false,
    schedule: settings.schedule,
    cures,
    clock,
  })
  const orphans = guardAgainstOrphans({ socket: control?.path ?? null, clock, publish })
  const strategyTurns = watchStrategyTurns({ clock, publish })
  const executor = createExecutor({
    agentPath: fileURLToPath(new URL('../agent.cjs', import.meta.url)),
    log,
    door,
    guards: orphans.guards,
    clock,
    onExit: (code) => exit(code),
    onEvidenceWanted: async ({ ref, kind, timeBoxMs }, handle) => {
      if (handle === undefined) return
      const evidence = await takeEvidence(handle, { kind }, { timeBoxMs })
      publish({ type: 'evidence.taken', worker: ref, evidence })
    },
    onWorker: admin?.traffic.follow,
    sawOomKill: createOomWatch(readOomKills),
    fatalReports: openFatalReports(state.dir, (message) => warn(message)),
    onLeftBehind: (worker, evidence) => publish({ type: 'evidence.taken', worker, evidence }),
    onStrategyTurn: strategyTurns.look,
  })
  setSchedule(settings.schedule)
  const loop: Loop = startLoop({
    initial: initialState({
      settings,
      foreground: options.foreground,
      cpus: readMachine(env).cpus.count,
      seed: randomInt(2 ** 31),
      now: clock.now(),
    }),
    clock,
    execute: executor.execute,
    publish,
  })
  const sampler = sampleWorkers(loop, executor, clock)
  const descriptorWatch = startDescriptorWatch({
    // With the watchdog off everywhere nobody counts for nothing; the supervisor's own are looked at all the same.
    workers: () =>
      loop.state.apps.some(({ settings: { watchdogs } }) => watchdogs.descriptors !== null)
        ? executor.workers().map(({ id, pid }) => ({ id, pid, missed: executor.handleOf(id)?.missedConnections ?? 0 }))
        : [],
    clock,
    submit: loop.submit,
    onOwnShort: (open, limit) => publish({ type: 'supervisor.shortOfDescriptors', open, limit }),
  })
  const incidents = startIncidentLog({
    identity,
    supervisor,
    dir: state.dir,
    apps: () => loop.state.apps,
    stableAfterMs: Object.fromEntries(settings.apps.map(({ name, restart }) => [name, restart.stableAfterMs])),
    measure: () =>
      measureWorkers(loop.state, {
        schedule: settings.schedule,
        sampler: { of: sampler.peek },
        handleOf: executor.handleOf,
      }),
    publisher,
    log,
    env,
    clock,
  })
  const stopListening = listenForSignals({
    clock,
    apps: port.appNames,
    submit: loop.submit,
    reloadAll: () => void reloadAll(port, publish),
    publish,
  })

  publish(startedEvent(settings, control?.path ?? null))
  warn = (message) => publish({ type: 'supervisor.warned', message })
  for (const message of warnings) warn(message)
  loop.submit({ type: 'tick' })
  const adminServer = admin?.open(port, state.dir, clock, publish)

  const code = await ended
  // Whoever asked for the stop is answered in this turn of the event loop; the socket closes in the next.
  await new Promise((resolve) => setImmediate(resolve))
  stopListening()
  loop.close()
  sampler.close()
  descriptorWatch.close()
  strategyTurns.close()
  door.close()
  orphans.close()
  await Promise.all([control?.close(), adminServer?.close()])
  await incidents.flush(stoppedByRequest(loop.state) ? LAST_WORDS_MS.afterStop : LAST_WORDS_MS.afterFailure)
  incidents.close()
  await log.flush(FLUSH_MS)
  log.close()
  stopGuarding()
  return code

  function appOf(name: string): App | undefined {
    return loop.state.apps.find((app) => app.name === name)
  }
}

/** The admin port brings node:http along, so it is loaded only where it is wanted; before the first event, since it counts them. */
async function prepareAdmin(admin: AdminSettings, { apps }: Settings): Promise<PreparedAdmin> {
  const { prepare } = await import('./admin-port.ts')
  return prepare(
    admin,
    apps.map(({ name }) => name),
  )
}

/** Whoever asked for it waits, perhaps with SIGKILL in hand. */
function stoppedByRequest({ apps }: SupervisorState): boolean {
  return apps.every(({ phase }) => phase.status !== 'failed')
}

function startedEvent(settings: Settings, socket: string | null): ResilEvent {
  return {
    type: 'supervisor.started',
    name: settings.name,
    pid: process.pid,
    version: VERSION,
    node: process.version,
    apps: settings.apps.map(({ name, script, instances, instancesReason }) => ({
      name,
      script,
      instances,
      reason: instancesReason,
    })),
    socket,
  }
}
