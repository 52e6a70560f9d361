export { ResilError, type ResilErrorCode } from './errors.ts'
export * from './patterns.ts'
