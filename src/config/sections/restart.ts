// What brings a worker back, how fast, and when resil stops trying.

import * as z from 'zod/mini'
import { choice, decimal, duration, mixed, section, whole } from '../fields/field.ts'

const backoff = section('The wait before a restart. The first crash restarts at once; each further one waits longer.', {
  initial: z.prefault(duration({ description: 'The wait after the second crash in a row.' }), '1s'),
  factor: z.prefault(
    decimal({ description: 'By how much the wait grows with each further crash.', min: 1, max: 100 }),
    2,
  ),
  max: z.prefault(duration({ description: 'The longest wait, before jitter.' }), '30s'),
  jitter: z.prefault(
    decimal({ description: 'Adds up to this share of the wait at random, so that slots spread out.', min: 0, max: 1 }),
    0.25,
  ),
})

const window = section("The crash window of a slot. More crashes than this open the slot's restart gate.", {
  maxRestarts: z.prefault(whole({ description: 'Crashes of one slot within `within` that are still restarted.' }), 5),
  within: z.prefault(duration({ description: 'How far back crashes count.', atLeast: '1ms' }), '60s'),
})

const storm = section("The storm budget of an app. A crash of any slot adds 1; more than `max` open the app's gate.", {
  max: z.prefault(
    mixed(z.union([z.int().check(z.gte(1)), z.literal('auto')]), {
      description: 'The limit. `auto` is 5, or twice the instances if that is more.',
      expects: 'a whole number of at least 1, or "auto"',
    }),
    'auto',
  ),
  halfLife: z.prefault(duration({ description: 'The score halves in this time.', atLeast: '1ms' }), '60s'),
})

export const restart = section('What brings a worker back after an exit that nobody asked for.', {
  policy: z.prefault(
    choice(['always', 'on-failure', 'never'], {
      description:
        '`always`: after any exit, code 0 included. `on-failure`: not after exit code 0. `never`: not at all.',
    }),
    'always',
  ),
  backoff: z.prefault(backoff, {}),
  window: z.prefault(window, {}),
  storm: z.prefault(storm, {}),
  stableAfter: z.prefault(
    duration({ description: 'Each such time that a worker stays ready forgives one crash.', atLeast: '1ms' }),
    '30s',
  ),
  stopExitCodes: z.prefault(
    mixed(z.array(z.int().check(z.gte(0), z.lte(255))), {
      description: 'Exit codes that mean "do not start me again": the slot is parked.',
      expects: 'a list of exit codes from 0 to 255',
    }),
    [78],
  ),
  onExhausted: z.prefault(
    choice(['probe', 'exit', 'hold'], {
      description:
        'What an open restart gate means. `probe`: one trial worker at a time, 30 s apart growing to 5 min; in the foreground resil exits with 70 after 60 s without a ready worker. `exit`: resil exits with 70 at once. `hold`: resil tries on and never exits.',
    }),
    'probe',
  ),
})
