// How a new generation replaces the old one.

import * as z from 'zod/mini'
import { decimal, duration, section, whole, yesNo } from '../fields/field.ts'

export const canary = section('Tries the new generation on a few workers first.', {
  instances: z.prefault(
    whole({ description: 'How many workers try it; at least one stays with the old generation.', min: 1, max: 1024 }),
    1,
  ),
  observe: z.prefault(
    duration({ description: 'How long both generations are watched before the others follow.', atLeast: '1s' }),
    '60s',
  ),
  maxErrorRate: z.prefault(
    decimal({
      description:
        'Roll back where a larger share of requests fails (status 500 and above, broken connections), and larger than in the old generation, beyond chance.',
      min: 0,
      max: 1,
    }),
    0.01,
  ),
  maxLagP99: z.optional(
    duration({
      description:
        'Roll back where the event loop is later than this (99th percentile, mean over the time), and much later than in the old generation.',
    }),
  ),
})

export const reload = section('How a reload replaces workers.', {
  surge: z.prefault(
    whole({
      description: 'The most extra workers during a reload: so many new ones boot before an old one goes.',
      max: 1024,
    }),
    1,
  ),
  maxUnavailable: z.prefault(
    whole({
      description: 'How many workers may be missing while resil replaces or removes them of its own will.',
      max: 1024,
    }),
    0,
  ),
  cooldown: z.prefault(duration({ description: "The wait between one slot's replacement and the next." }), '0s'),
  rollback: z.prefault(
    yesNo({
      description:
        'Go back to the old generation when a new worker fails before it is ready. `false`: stop there, and keep what serves of both.',
    }),
    true,
  ),
  canary: z.optional(canary),
})
