// Questions that resil asks each worker to learn how it is.

import * as z from 'zod/mini'
import { argList, duration, section, text, whole, yesNo } from '../fields/field.ts'

interface Pace {
  readonly interval: string
  readonly failureThreshold: number
}

/** As in Kubernetes (docs: Probe v1 core): 10 s, three failures. */
const USUAL: Pace = { interval: '10s', failureThreshold: 3 }
/** Asked more often, since every second of a start counts; for as long as ready.timeout's default lasts. */
const AT_START: Pace = { interval: '1s', failureThreshold: 30 }

const probe = (description: string, { interval, failureThreshold }: Pace) =>
  z.optional(
    section(`${description} Exactly one of \`http\`, \`tcp\`, \`exec\` and \`ipc\`.`, {
      http: z.optional(
        text({
          description:
            "A path on the worker's port, or a URL; 200 to 399 passes. A URL with a local host and a port of the worker's reaches that worker alone, too.",
          expects: 'a path such as "/healthz", or an http or https URL',
          pattern: /^(\/\S*|https?:\/\/\S+)$/,
        }),
      ),
      tcp: z.optional(
        whole({
          description:
            'A port on which the worker must take a connection (or, where it does not listen there, 127.0.0.1).',
          min: 1,
          max: 65_535,
        }),
      ),
      exec: z.optional(
        argList({
          description:
            'A command that must exit with 0. It finds the worker in `RESIL_WORKER_PID`, `RESIL_APP` and `RESIL_SLOT`.',
        }),
      ),
      ipc: z.optional(
        yesNo({
          description:
            'The checks of this kind that the app registered with `healthRegistry`; with none, that its event loop turns.',
        }),
      ),
      interval: z.prefault(duration({ description: 'From one question to the next.', atLeast: '100ms' }), interval),
      timeout: z.prefault(duration({ description: 'No answer by then is a failure.', atLeast: '1ms' }), '1s'),
      failureThreshold: z.prefault(whole({ description: 'Failures in a row that count.', min: 1 }), failureThreshold),
      successThreshold: z.prefault(whole({ description: 'Successes in a row that count.', min: 1 }), 1),
    }),
  )

export const probes = section('Health probes, asked of each worker by itself.', {
  startup: probe('Has the worker started? Until then it is not ready; when it fails, the boot has failed.', AT_START),
  liveness: probe('Is the worker beyond help? Then it is replaced.', USUAL),
  readiness: probe('May the worker get new connections now? Where not, others get them.', USUAL),
})
