// How a worker, and the whole app, is brought to an end.

import * as z from 'zod/mini'
import { choice, duration, section } from '../fields/field.ts'

export const shutdown = section('How workers end: at a stop, a reload, a restart or a scale-down.', {
  deadline: z.prefault(
    duration({
      description: 'The longest that a stop may take, `readinessDelay` and `killAfter` included.',
      atLeast: '1ms',
      defaultText: '"25s"; "8s" in a container that is not Kubernetes (docker kills after 10 s)',
    }),
    '25s',
  ),
  signal: z.prefault(
    choice(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'], {
      description:
        'What the app is told to stop with, once its connections have drained, or at the latest `killAfter` before the deadline.',
    }),
    'SIGTERM',
  ),
  killAfter: z.optional(
    duration({
      description: 'From the signal to SIGKILL. Shorter than `deadline`.',
      defaultText: '"2s", or a quarter of `deadline` if that is shorter',
    }),
  ),
  readinessDelay: z.prefault(
    duration({
      description:
        'At a stop: how long readiness is off before the drain begins, so that a load balancer can look away first.',
    }),
    '0s',
  ),
  idleWait: z.prefault(
    duration({ description: 'The longest that a drain waits for an idle keep-alive connection to speak again.' }),
    '2s',
  ),
})
