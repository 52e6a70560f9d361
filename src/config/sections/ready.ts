// When a worker may get traffic.

import * as z from 'zod/mini'
import { choice, duration, section } from '../fields/field.ts'

export const ready = section('When a worker counts as ready, and so may get traffic.', {
  on: z.prefault(
    choice(['auto', 'listening', 'message', 'started', 'probe'], {
      description:
        'The sign of readiness. `auto`: it listens, or sends "ready" if the app has been seen to do so; an app that never listens is ready once its entry has loaded and it has lived for 10 s. `listening`: it listens on a port. `message`: `process.send("ready")` or `ready()` from `resil/worker`. `started`: loaded and alive after 1 s. `probe`: its startup probe passes.',
    }),
    'auto',
  ),
  timeout: z.prefault(
    duration({
      description: 'A worker that is not ready by then is ended and counts as a failed boot.',
      atLeast: '1ms',
    }),
    '30s',
  ),
  minReady: z.prefault(
    duration({ description: 'In a reload: how long a new worker must stay ready before the old one drains.' }),
    '1s',
  ),
})
