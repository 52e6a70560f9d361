// What both sides must spell alike: the mark of resil's own IPC messages, and what is added to a worker's flags. Apart from worker-messages.ts, so that the agent loads no schema library into the app.
// The `NODE_` prefix makes Node deliver them as 'internalMessage': no app ever sees one (Node lib/internal/child_process.js, isInternal).

export const AGENT_COMMAND = 'NODE_RESIL'

/** What caps V8's heap when resil does so, directly before the agent's own --require, which takes it out of the app's sight. */
export const HEAP_FLAG = '--max_old_space_size='

/** Where watchdogs.fatalReport is on, in the same place. Without the network: Node would ask the DNS for the names of its peers. */
export const REPORT_FLAGS = [
  '--report-on-fatalerror',
  '--report-compact',
  '--report-directory',
  '--report-exclude-network',
  '--report-exclude-env',
] as const
