export { ResilError, type ResilErrorCode } from './errors.ts'
