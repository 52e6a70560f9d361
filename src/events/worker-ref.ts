// How an event, a command or a line of status names one worker. Its whole record is the supervisor's (supervisor/state/worker.ts).

/** Stands where a slot's number does, for workers in reserve. */
export const STANDBY_SLOT = -1

/** Who an event is about. `id` is unique in a supervisor's life; a slot's number outlives its workers. */
export interface WorkerRef {
  readonly app: string
  /** STANDBY_SLOT: a standby, which has none yet. */
  readonly slot: number
  /** Counts up from 1 with every fork. */
  readonly id: number
  /** null: the fork itself failed. */
  readonly pid: number | null
  readonly generation: number
}
