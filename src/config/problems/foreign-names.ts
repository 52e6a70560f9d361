// What people who come from pm2 write, and what it is called here. Only for the error that says so; `resil import` converts files.

const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  autorestart: 'restart.policy: "always" or "never"',
  cron_restart: 'nothing of the kind: call "resil reload" from cron',
  disable_logs: 'log.level: "silent"',
  env_file: 'envFile',
  env_production: 'env (one per environment: use several config files)',
  err_file: 'log.file (one file for both streams)',
  error_file: 'log.file (one file for both streams)',
  exec_interpreter: 'nothing of the kind: workers are always node',
  exec_mode: 'nothing of the kind: resil always runs apps as cluster workers',
  exp_backoff_restart_delay: 'restart.backoff.initial',
  ignore_watch: 'watch (a list of paths)',
  increment_var: 'nothing of the kind: workers know their slot',
  interpreter: 'nothing of the kind: workers are always node',
  interpreter_args: 'nodeArgs',
  kill_timeout: 'shutdown.deadline',
  listen_timeout: 'ready.timeout',
  log_date_format: 'log.format',
  log_file: 'log.file',
  log_type: 'log.format',
  max_memory_restart: 'watchdogs.memory.hard',
  max_restarts: 'restart.window.maxRestarts',
  merge_logs: 'nothing of the kind: logs are always merged',
  min_uptime: 'restart.stableAfter',
  node_args: 'nodeArgs',
  out_file: 'log.file (one file for both streams)',
  output: 'log.file (one file for both streams)',
  pid_file: 'nothing of the kind: "resil status --json" has the pids',
  restart_delay: 'restart.backoff.initial',
  shutdown_with_message: 'nothing of the kind: connections drain before any signal',
  stop_exit_codes: 'restart.stopExitCodes',
  time: 'log.format',
  wait_ready: 'ready.on: "message"',
  workers: 'instances',
}

/** `pm2's x is … here`, or undefined for a name that pm2 does not know either. */
export function foreignName(key: string): string | undefined {
  const canonical = key.toLowerCase()
  const known = Object.entries(FOREIGN_NAMES).find(
    ([name]) => name === canonical || name.replaceAll('_', '') === canonical.replaceAll('_', ''),
  )
  return known?.[1]
}
