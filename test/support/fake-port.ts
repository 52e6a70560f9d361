// A running supervisor as the control server sees it, without one: the test decides what a request brings about.

import { NO_CHANGES, type Reread } from '../../src/config/reapply.ts'
import type { AppSettings } from '../../src/config/settings.ts'
import type { ControlPort } from '../../src/control/port.ts'
import type { ResilEvent } from '../../src/events/events.ts'
import type { ExitDetails } from '../../src/events/exit.ts'
import { createPublisher } from '../../src/events/publisher.ts'
import { type Incident, summaryOf } from '../../src/incidents/incident.ts'
import type { LogLine } from '../../src/protocol/control.ts'
import type { AppStatus, IncidentsStatus, StatusDocument, WorkerStatus } from '../../src/protocol/status.ts'
import type { ControlInput } from '../../src/supervisor/inputs.ts'

export interface FakePort extends ControlPort {
  readonly submitted: readonly ControlInput[]
  /** What each re-reading was to take for the environment below the config's. */
  readonly bases: readonly (Readonly<Record<string, string>> | null)[]
  readonly publish: (event: ResilEvent) => void
  readonly log: (line: LogLine) => void
  /** How many listen to events and lines now. */
  readonly listeners: () => number
}

export interface FakePortOptions {
  readonly name?: string
  readonly dir?: string
  readonly apps?: readonly AppStatus[]
  readonly state?: 'running' | 'stopping'
  /** Of one app; may throw. */
  readonly reread?: (app: string) => Promise<AppSettings | null>
  /** Of the supervisor, in the config that is read again. */
  readonly notApplied?: Reread['notApplied']
  readonly diagnose?: ControlPort['diagnose']
  /** What comes of an input; may publish at once or later. */
  readonly onSubmit?: (input: ControlInput, port: FakePort) => void
  readonly lines?: readonly LogLine[]
  readonly incidents?: readonly Incident[]
}

export function fakePort(options: FakePortOptions = {}): FakePort {
  const { name = 'web', dir = '/srv/web', apps = [appStatus()] } = options
  const publisher = createPublisher({ wallNow: () => 1_700_000_000_000, capacity: 100 })
  const submitted: ControlInput[] = []
  const bases: (Readonly<Record<string, string>> | null)[] = []
  const lineListeners = new Set<(line: LogLine) => void>()
  const lines = [...(options.lines ?? [])]
  let eventListeners = 0

  const port: FakePort = {
    name,
    dir,
    appNames: () => apps.map((app) => app.name),
    slotsOf: (app) => apps.find((one) => one.name === app)?.workers.map(({ slot }) => slot) ?? [],
    status: () => statusDocument({ name, apps, state: options.state ?? 'running' }),
    incidents: {
      list: async () => (options.incidents ?? []).map(summaryOf).sort((a, b) => (a.id < b.id ? 1 : -1)),
      get: async (id) => options.incidents?.find((one) => one.id === id) ?? null,
    },
    submit: (input) => {
      submitted.push(input)
      options.onSubmit?.(input, port)
    },
    reread: async (base) => {
      bases.push(base)
      const { reread = async () => null, notApplied = [] } = options
      const reapplied = apps.map(
        async ({ name }) => [name, { settings: await reread(name), changes: NO_CHANGES }] as const,
      )
      return { apps: new Map(await Promise.all(reapplied)), notApplied }
    },
    plan: (app) => ({
      app,
      generation: { from: 1, to: 2 },
      refusal: null,
      slots: port.slotsOf(app).map((slot) => ({ slot, action: 'replace', pid: 4121 + slot, bootMs: 200 })),
      surge: 1,
      maxUnavailable: 0,
      floor: 2,
      rollback: true,
      canary: null,
      endpoints: ['3000'],
      expectedMs: 2_400,
      drainDeadlineMs: 25_000,
    }),
    diagnose: options.diagnose ?? (async () => null),
    events: {
      recent: publisher.recent,
      subscribe: (listener) => {
        eventListeners += 1
        const subscription = publisher.subscribe(listener)
        return {
          close: () => {
            eventListeners -= 1
            subscription.close()
          },
        }
      },
    },
    logs: {
      recent: () => [...lines],
      subscribe: (listener) => {
        lineListeners.add(listener)
        return { close: () => void lineListeners.delete(listener) }
      },
    },
    submitted,
    bases,
    publish: (event) => void publisher.publish(event),
    log: (line) => {
      lines.push(line)
      for (const listener of [...lineListeners]) listener(line)
    },
    listeners: () => eventListeners + lineListeners.size,
  }
  return port
}

export function statusDocument(given: {
  readonly name?: string
  readonly apps?: readonly AppStatus[]
  readonly state?: 'running' | 'stopping'
  readonly incidents?: IncidentsStatus
}): StatusDocument {
  return {
    supervisor: {
      name: given.name ?? 'web',
      pid: 4100,
      version: '0.1.0',
      node: 'v20.19.0',
      uptimeMs: 7_500_000,
      state: given.state ?? 'running',
      cpu: 0.1,
      rss: 45_088_768,
      schedule: 'round-robin',
      connections: {
        held: 0,
        rescued: 0,
        dropped: 0,
        waiting: 0,
        cures: { rescue: 'on', holdTheDoor: 'on', handOff: 'on', appPorts: 'on' },
      },
      socket: '/run/user/1000/resil/web-1a2b3c4d.sock',
      configFile: null,
    },
    apps: given.apps ?? [appStatus()],
    incidents: given.incidents ?? { open: 0, total: 0, last: null, kept: 'disk' },
  }
}

export function appStatus(given: Partial<AppStatus> = {}): AppStatus {
  return {
    name: 'web',
    state: 'running',
    generation: 1,
    instances: 2,
    ready: 2,
    standby: { standing: 0, wanted: 0, refused: null },
    restarts: 0,
    ports: [3000],
    schedule: 'round-robin',
    workers: [workerStatus(), workerStatus({ id: 2, slot: 1, pid: 4122 })],
    gate: 'closed',
    breakers: [],
    bulkheads: [],
    ...given,
  }
}

export function workerStatus(given: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    id: 1,
    slot: 0,
    pid: 4121,
    state: 'ready',
    generation: 1,
    inRotation: true,
    uptimeMs: 7_500_000,
    restarts: 0,
    cpu: 0.3,
    rss: 85_983_232,
    heapUsed: 21_000_000,
    eventLoop: { delayP99Ms: 0.4, utilization: 0.01 },
    connections: 3,
    requests: 1_234,
    lastExit: null,
    limits: [],
    due: null,
    retryInMs: null,
    ...given,
  }
}

export function exitDetails(given: Partial<ExitDetails> = {}): ExitDetails {
  return { kind: 'code', code: 1, signal: null, uptimeMs: 240, errorCode: null, port: null, atMs: 0, ...given }
}

export function logLine(given: Partial<LogLine> = {}): LogLine {
  return { at: 1_700_000_000_000, app: 'web', slot: 0, pid: 4121, stream: 'stdout', text: 'hello', ...given }
}
