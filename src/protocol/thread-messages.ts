// What the supervisor and the agent's own thread in a worker say to each other, over a descriptor of their own: the worker's
// channel is read by its main thread, which may be blocked. Each question is answered once, in order.

import * as z from 'zod/mini'

const Frame = z.object({
  name: z.string(),
  file: z.nullable(z.string()),
  line: z.nullable(z.number()),
  column: z.nullable(z.number()),
})

/** One line of JSON. */
export const ThreadAnswer = z.union([z.object({ frames: z.array(Frame) }), z.object({ failed: z.string() })])
export type ThreadAnswer = z.infer<typeof ThreadAnswer>
