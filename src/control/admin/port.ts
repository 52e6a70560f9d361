// What the admin server may ask of a running supervisor: all that the control socket may, and what only metrics need.

import type { StrategyTotal } from '../../metrics/strategy-totals.ts'
import type { Traffic } from '../../metrics/traffic.ts'
import type { DiagnosisFileKind } from '../../protocol/control.ts'
import type { StatusDocument } from '../../protocol/status.ts'
import type { ControlPort } from '../port.ts'

export interface AdminPort extends ControlPort {
  /** The status, of figures that were taken anyway: a scrape each few seconds must not make the supervisor measure more often. */
  glance(): StatusDocument
  /** A path for the file of a diagnosis, in a bounded folder. Throws a ResilError where there is none. */
  placeDiagnosisFile(target: string, kind: DiagnosisFileKind): string
  trafficOf(app: string): Traffic
  strategiesOf(app: string): readonly StrategyTotal[]
}
