// What is watched from outside a worker, and the planned recycling of workers.

import * as z from 'zod/mini'
import { choice, decimal, duration, section, size, whole, yesNo } from '../fields/field.ts'

const action = (fallback: 'replace' | 'kill' | 'report') =>
  z.prefault(
    choice(['replace', 'kill', 'report'], {
      description: '`replace`: a new worker first, then this one drains. `kill`: at once. `report`: an incident only.',
    }),
    fallback,
  )
const sustain = (fallback: string) =>
  z.prefault(duration({ description: 'Only what lasts this long counts.' }), fallback)

const memory = section('Resident memory of a worker.', {
  soft: z.optional(
    size({
      description: 'Above this the worker is replaced without haste.',
      defaultText: "80 % of the worker's share of the memory limit",
    }),
  ),
  hard: z.optional(
    size({
      description: 'Above this the worker is ended now.',
      defaultText: "92 % of the worker's share of the memory limit",
    }),
  ),
  sustain: sustain('10s'),
  predict: z.prefault(yesNo({ description: 'Replace when the growth will reach `hard` within two minutes.' }), true),
  action: action('replace'),
})

const cpu = section('CPU time of a worker.', {
  max: z.optional(decimal({ description: 'Share of one core.', min: 0, max: 1024 })),
  sustain: sustain('60s'),
  action: action('report'),
})

const eventLoop = section("How late a worker's event loop runs.", {
  delayP99: z.optional(duration({ description: 'The highest delay, 99th percentile.' })),
  utilization: z.optional(decimal({ description: 'The highest utilization of the loop.', min: 0, max: 1 })),
  sustain: sustain('30s'),
  action: action('replace'),
})

const hang = section('Workers whose event loop does not answer.', {
  suspectAfter: z.prefault(
    duration({ description: 'Without a heartbeat for so long: evidence is taken.', atLeast: '1s' }),
    '2.5s',
  ),
  replaceAfter: z.prefault(
    duration({ description: 'Without a heartbeat for so long: the worker is replaced.', atLeast: '1s' }),
    '10s',
  ),
  evidence: z.prefault(choice(['stack', 'none'], { description: 'What is taken from a suspect.' }), 'stack'),
  action: action('replace'),
})

export const watchdogs = section('Finds workers that leak, spin, lag or hang.', {
  memory: z.optional(memory),
  cpu: z.optional(cpu),
  eventLoop: z.optional(eventLoop),
  hang: z.optional(hang),
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
