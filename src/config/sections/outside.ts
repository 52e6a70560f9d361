// How the world reaches resil and is told: admin port, hooks, chaos.

import * as z from 'zod/mini'
import { argList, mixed, section, text, yesNo } from '../fields/field.ts'

export const admin = section(
  'HTTP for probes, Prometheus and operators. What reads is open to whoever reaches the port; what changes anything needs the token.',
  {
    host: z.prefault(
      text({ description: 'The address to listen on: "0.0.0.0" or "::" lets other machines in, as Kubernetes needs.' }),
      '127.0.0.1',
    ),
    port: z.prefault(
      mixed(z.union([z.int().check(z.gte(0), z.lte(65_535)), z.literal('off')]), {
        description: 'The port to listen on; 0: any that is free, the log says which.',
        expects: 'a port from 0 to 65535, or "off"',
      }),
      'off',
    ),
    token: z.optional(
      text({
        description:
          'What requests that change anything must present, as `Authorization: Bearer …`; without one there are none. Best given as a variable.',
        expects: 'text of 8 characters or more, without spaces',
        pattern: /^[\x21-\x7e]{8,}$/,
        secret: true,
      }),
    ),
  },
)

const hook = (when: string) =>
  z.optional(
    section(`${when} Exactly one of \`exec\` and \`webhook\`.`, {
      exec: z.optional(
        argList({
          description:
            'A command, without a shell; what happened comes on its stdin as JSON. It has 30 s, then it is killed with all that it started.',
        }),
      ),
      webhook: z.optional(
        text({
          description:
            'A URL that gets what happened as JSON, by POST. Tried again where it fails; redirects are not followed.',
          expects: 'an http or https URL',
          pattern: /^https?:\/\/\S+$/,
          secret: true,
        }),
      ),
    }),
  )

export const hooks = section('Tells others what happened. They are never waited for.', {
  onCrash: hook('A worker crashed.'),
  onExhausted: hook('A restart gate opened, or the app was given up.'),
  onIncident: hook('An incident was recorded, or turned out to be of another kind.'),
  onReload: hook('A reload or a restart ended, well or not.'),
})

export const chaos = section('Faults on purpose.', {
  allowed: z.prefault(
    yesNo({
      description:
        'Lets `chaos()` in the code of the apps inject faults, where the code or CHAOS_ENABLED asks for them. `false` overrules both. Commands that inject faults from outside (`resil chaos`) come later.',
    }),
    false,
  ),
})
