// What the admin server may ask of a running supervisor: all that the control socket may, and what only metrics need.

import type { StrategyTotal } from '../../metrics/strategy-totals.ts'
import type { Traffic } from '../../metrics/traffic.ts'
import type { StatusDocument } from '../../protocol/status.ts'
import type { ControlPort } from '../port.ts'

export interface AdminPort extends ControlPort {
  /** The status, of figures that were taken anyway: a scrape each few seconds must not make the supervisor measure more often. */
  glance(): StatusDocument
  trafficOf(app: string): Traffic
  strategiesOf(app: string): readonly StrategyTotal[]
}
