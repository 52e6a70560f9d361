// Why a worker that serves is asked to leave: a closed vocabulary. supervisor/due.ts says which cause is the most urgent.

export type DrainCause = 'stop' | 'reload' | 'restart' | 'scale' | 'rollback' | ReplaceCause | EndCause

/** Why a worker is replaced though it serves: over a limit (memory, descriptors, event-loop lag, CPU), or old enough by age or requests. */
export type ReplaceCause = 'memory' | 'descriptors' | 'lag' | 'cpu' | 'age' | 'requests'

/** Why a worker has to go, with or without a replacement. */
export type EndCause = 'memory' | 'descriptors' | 'liveness' | 'hang' | 'lag' | 'cpu'
