// Questions that resil asks a worker to learn how it is.

import * as z from 'zod/mini'
import { argList, duration, section, text, whole, yesNo } from '../fields/field.ts'

const probe = (description: string) =>
  z.optional(
    section(`${description} Exactly one of \`http\`, \`tcp\`, \`exec\` and \`ipc\`.`, {
      http: z.optional(text({ description: "A path on the worker's port, or a URL; 200 to 399 passes." })),
      tcp: z.optional(whole({ description: 'A port that must accept a connection.', min: 1, max: 65_535 })),
      exec: z.optional(argList({ description: 'A command that must exit with 0.' })),
      ipc: z.optional(yesNo({ description: 'The health checks that the app registered.' })),
      interval: z.prefault(duration({ description: 'From one question to the next.', atLeast: '100ms' }), '10s'),
      timeout: z.prefault(duration({ description: 'No answer by then is a failure.', atLeast: '1ms' }), '1s'),
      failureThreshold: z.prefault(whole({ description: 'Failures in a row that count.', min: 1 }), 3),
      successThreshold: z.prefault(whole({ description: 'Successes in a row that count.', min: 1 }), 1),
    }),
  )

export const probes = section('Health probes.', {
  startup: probe('Has the worker started?'),
  liveness: probe('Is the worker beyond help? Then it is replaced.'),
  readiness: probe('May the worker get traffic now?'),
})
