// The admin port as part of a supervisor: what must listen from the start, and how it is opened once there is something to ask.
// Loaded only where the port is configured.

import type { Clock } from '../clock.ts'
import type { AdminSettings } from '../config/settings.ts'
import { createObserved, type Observed } from '../control/admin/observe.ts'
import type { AdminPort } from '../control/admin/port.ts'
import { type AdminServer, openAdminServer } from '../control/admin/server.ts'
import type { ResilEvent } from '../events/events.ts'
import { placeDiagnosisFile } from './evidence/diagnosis-files.ts'
import { ownerOfPort } from './port-owner.ts'
import { countTraffic, type TrafficCount } from './traffic-count.ts'

export interface PreparedAdmin {
  readonly observed: Observed
  readonly traffic: TrafficCount
  open(
    port: Omit<AdminPort, 'trafficOf' | 'strategiesOf' | 'placeDiagnosisFile'>,
    stateDir: string | null,
    clock: Clock,
    publish: (event: ResilEvent) => void,
  ): AdminServer
}

export function prepare(settings: AdminSettings, apps: readonly string[]): PreparedAdmin {
  const observed = createObserved(apps)
  const traffic = countTraffic()
  return {
    observed,
    traffic,
    open: (port, stateDir, clock, publish) =>
      openAdminServer({
        settings,
        port: {
          ...port,
          trafficOf: traffic.of,
          strategiesOf: traffic.strategiesOf,
          placeDiagnosisFile: (target, kind) =>
            placeDiagnosisFile(stateDir, { target, kind, wallNow: clock.wallNow() }),
        },
        observed,
        clock,
        publish,
        ownerOf: ownerOfPort,
      }),
  }
}
