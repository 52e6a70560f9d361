// Where output goes. `capture` is an app's own; the rest holds for the whole supervisor.

import * as z from 'zod/mini'
import { choice, section, size, text, whole, yesNo } from '../fields/field.ts'

const description = "resil's own log and the output of workers."

const capture = z.prefault(
  yesNo({
    description:
      "Read the workers' stdout and stderr, to prefix, keep and serve them. `false`: workers write straight to resil's own.",
  }),
  true,
)

const wide = {
  level: z.prefault(
    choice(['debug', 'info', 'warn', 'error', 'silent'], { description: 'The least important that is logged.' }),
    'info',
  ),
  format: z.prefault(
    choice(['pretty', 'json'], { description: '`pretty` for people, `json` for machines.' }),
    'pretty',
  ),
  file: z.optional(
    text({ description: 'Also write to this file; relative to the config file.', defaultText: 'stdout only' }),
  ),
  maxSize: z.prefault(size({ description: 'The file is rotated when it has grown to this.', atLeast: '1kb' }), '64mb'),
  maxFiles: z.prefault(whole({ description: 'How many rotated files are kept.', max: 10_000 }), 5),
}

export const appLog = section(description, { capture })
export const supervisorLog = section(description, wide)
export const fileLog = section(description, { ...wide, capture })
