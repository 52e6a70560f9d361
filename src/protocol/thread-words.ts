// What is said to the agent's own thread, one byte each, and where. Apart from thread-messages.ts, so that the thread loads no
// schema library.

/** Where is the main thread's code? Answered by a line. */
export const ASK_STACK = 's'
/** Whoever asked waits no longer: answered at once, without a stack. */
export const LET_GO = 'c'

/** In the worker, after stdin, stdout, stderr and the channel. */
export const THREAD_FD = 4
