// The commands that ask a running supervisor. They load no more than a connection needs, and must stay so: each starts within
// 15 ms over bare node.

import type { AnyCommandSpec } from './command-spec.ts'
import { diagnoseCommand } from './commands/diagnose.ts'
import { incidentsCommand } from './commands/incidents.ts'
import { logsCommand } from './commands/logs.ts'
import { reloadCommand, restartCommand } from './commands/reload.ts'
import { scaleCommand } from './commands/scale.ts'
import { statusCommand } from './commands/status.ts'
import { stopCommand } from './commands/stop.ts'
import { whyCommand } from './commands/why.ts'

export const lightCommands: readonly AnyCommandSpec[] = [
  reloadCommand,
  restartCommand,
  scaleCommand,
  stopCommand,
  statusCommand,
  logsCommand,
  incidentsCommand,
  whyCommand,
  diagnoseCommand,
]
