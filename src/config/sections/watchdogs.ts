// What is watched from outside a worker, and the planned recycling of workers.

import * as z from 'zod/mini'
import { choice, decimal, duration, section, size, whole, yesNo } from '../fields/field.ts'

const action = (fallback: 'replace' | 'report') =>
  z.prefault(
    choice(['replace', 'kill', 'report', 'off'], {
      description:
        '`replace`: a new worker first, then this one drains. `kill`: it ends now, with or without a new one. `report`: it is told, and nothing done. `off`: not watched.',
    }),
    fallback,
  )
const sustain = (fallback: string) =>
  z.prefault(duration({ description: 'Only what lasts this long counts.' }), fallback)

const memory = section('Resident memory of a worker. Watched where a limit is set, or the container has one.', {
  soft: z.optional(
    size({
      description: 'Above this for `sustain` the worker is replaced without haste.',
      defaultText: "87 % of `hard` where that is set, else 80 % of the worker's share of the container's memory",
    }),
  ),
  hard: z.optional(
    size({
      description: 'Above this the worker has to go now: it is replaced within seconds.',
      defaultText: "92 % of the worker's share of the container's memory",
    }),
  ),
  sustain: sustain('10s'),
  predict: z.prefault(
    yesNo({ description: 'Replace also when steady growth will reach `hard` within two minutes.' }),
    true,
  ),
  action: action('replace'),
})

const cpu = section('CPU time of a worker. Watched where `max` is set.', {
  max: z.optional(decimal({ description: 'Share of one core: 0.9 is 90 %.', min: 0, max: 1024 })),
  sustain: sustain('60s'),
  action: action('report'),
})

const eventLoop = section("How late a worker's event loop runs. Watched where a limit is set.", {
  delayP99: z.optional(duration({ description: 'The highest delay, 99th percentile of each second.' })),
  utilization: z.optional(
    decimal({ description: 'The highest utilization of the loop, as a share of each second.', min: 0, max: 1 }),
  ),
  sustain: sustain('30s'),
  action: action('replace'),
})

const hang = section('Workers whose event loop does not turn.', {
  suspectAfter: z.prefault(
    duration({
      description:
        'Without a heartbeat (there is one each second) for so long: the worker is suspect, and evidence is taken.',
      atLeast: '1.5s',
    }),
    '2.5s',
  ),
  replaceAfter: z.prefault(
    duration({ description: 'Without a heartbeat for so long: the worker is killed and replaced.', atLeast: '2s' }),
    '10s',
  ),
  evidence: z.prefault(
    choice(['stack', 'thread', 'none'], {
      description:
        'What is taken from a suspect. `stack`: where its code stands, read by way of SIGUSR1. `thread`: the same, read by a thread of the agent in each worker, without a signal; some MiB of memory per worker. `none`: nothing.',
    }),
    'stack',
  ),
  action: z.prefault(
    choice(['auto', 'replace', 'kill', 'report', 'off'], {
      description:
        '`auto`: `replace` if the worker listens, else `report` (a batch job may compute for long). `replace`, `kill`: it is killed and replaced, since a loop that does not turn cannot drain. `report`: it is told, and nothing done. `off`: not watched.',
    }),
    'auto',
  ),
})

const descriptors = section('File descriptors (open files and sockets) of a worker, against its limit (`ulimit -n`).', {
  max: z.prefault(decimal({ description: 'The highest share of the limit: 0.9 is 90 %.', min: 0.1, max: 1 }), 0.9),
  sustain: sustain('10s'),
  action: z.prefault(
    choice(['auto', 'replace', 'kill', 'report', 'off'], {
      description:
        "`auto`: `report` where half of them or more are its clients' connections, since a new worker would soon have as many, else `replace`. `replace`: a new worker first, then this one drains. `kill`: it ends now, with or without a new one. `report`: it is told, and nothing done. `off`: not watched.",
    }),
    'auto',
  ),
})

export const watchdogs = section('Finds workers that leak, spin, lag, hang or run out of descriptors, from outside.', {
  memory: z.prefault(memory, {}),
  cpu: z.prefault(cpu, {}),
  eventLoop: z.prefault(eventLoop, {}),
  hang: z.prefault(hang, {}),
  descriptors: z.prefault(descriptors, {}),
  fatalReport: z.prefault(
    yesNo({
      description:
        "Keeps Node's diagnostic report of a worker that ends by a fatal error, such as a full heap. Not on by itself: Node writes the environment into the report, which resil then takes out, and `process.report.writeReport()` of the app writes to resil's folder too.",
    }),
    false,
  ),
})

export const recycle = section('Replaces workers from time to time, before they age.', {
  maxAge: z.optional(duration({ description: 'Replace a worker at this age.', atLeast: '1s' })),
  maxRequests: z.optional(whole({ description: 'Replace a worker after so many requests.', min: 1 })),
  jitter: z.prefault(
    decimal({
      description: 'Spreads both limits by up to this share, so that workers do not go together.',
      min: 0,
      max: 1,
    }),
    0.2,
  ),
  minLife: z.prefault(duration({ description: 'Never recycle a younger worker.' }), '10s'),
})
