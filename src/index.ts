// What `import 'resil'` gives: the patterns, and the error that the supervisor's own failures are. What an app asks of its
// supervisor is resil/worker.

export { ResilError, type ResilErrorCode } from './errors.ts'
export * from './patterns.ts'
