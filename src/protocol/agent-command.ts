// The mark of resil's own IPC messages. Apart from worker-messages.ts, so that the agent loads no schema library into the app.
// The `NODE_` prefix makes Node deliver them as 'internalMessage': no app ever sees one (Node lib/internal/child_process.js, isInternal).

export const AGENT_COMMAND = 'NODE_RESIL'
