// The reference page of the configuration, written from the schema: docs/reference/config.md. Run by scripts/write-schema.js.

import type * as z from 'zod/mini'
import { availability } from './fields/not-yet.ts'
import { type Field, walk } from './fields/walk-schema.ts'
import { SEARCH_PLACES } from './files/search-places.ts'
import { envNameOf } from './layers/env-layer.ts'
import { flagFor } from './layers/flags.ts'
import { App, Supervisor } from './schema.ts'

type Entry = Field & { readonly group: boolean }

const HEAD = `# Configuration

<!-- Written from the schema by scripts/write-schema.js; edit src/config/ instead. -->

Without an entry, \`resil start\` reads the first of these files in the current folder (it does not look further up), or the
one that \`-c\` names. With an entry (\`resil start app.js\`) it reads only what \`-c\` names.

${SEARCH_PLACES.map((place) => `\`${place}\``).join(', ')} (key \`resilience\`).

\`.ts\` needs Node 22.18 or later. A config is an object, or the default export of a module; functions are refused.
\`resil check\` says what is wrong with it, all at once; \`resil check --explain\` shows each value and where it comes from.

**Precedence**: command-line flags over \`RESIL_…\` variables over the file over defaults. An empty variable counts as unset.

**Durations** are \`"250ms"\`, \`"30s"\`, \`"5m"\`, \`"1h"\`, \`"1d"\`, or a plain number of milliseconds. **Sizes** are \`"512mb"\`,
\`"1gb"\` (\`b\`, \`kb\`, \`mb\`, \`gb\`, \`tb\`, powers of 1024), or a plain number of bytes. Text without a unit (\`"30"\`) is an error,
except in variables and flags, where a bare number is the plain number.

**Paths** in the file are relative to its folder (\`script\` and \`envFile\` to the app's \`cwd\`); those in variables and flags to the
folder that the command runs in.

**Several apps**: put the settings of each into an entry of \`apps\`. App settings beside \`apps\` hold for all entries that do not
set their own; a \`name\` there is the supervisor's. Unknown settings are errors.

\`\`\`json
{
  "$schema": "./node_modules/resil/dist/schema.json",
  "name": "shop",
  "apps": [
    { "name": "api", "script": "api.js", "instances": 2 },
    { "name": "mailer", "script": "mailer.js", "instances": 1, "dependsOn": ["api"] }
  ]
}
\`\`\`

Settings marked *not available yet* are checked, and refused until the feature lands.
`

export function referencePage(): string {
  return [
    HEAD,
    '## Settings of an app\n\nAt the top level, or in an entry of `apps`.\n',
    tables(App),
    '## Settings of the supervisor\n\nAt the top level only.\n',
    tables(Supervisor),
  ].join('\n')
}

/** First the settings that stand by themselves, then a table for each group. */
function tables(schema: z.core.$ZodType): string {
  const entries = [...walk(schema)]
  const alone = entries.filter(({ group, path }) => !group && path.length === 1)
  const groups = entries.filter(({ group }) => group)
  return [
    table(alone),
    ...groups.flatMap((group) => {
      const own = entries.filter((entry) => !entry.group && isDirectlyIn(entry, group))
      const mark = availability(group.key) === 'not yet' ? ' *Not available yet.*' : ''
      const intro = `### \`${group.key}\`\n\n${group.doc.description}${mark}\n`
      return own.length === 0 ? [intro] : [intro, table(own)]
    }),
  ].join('\n')
}

function isDirectlyIn({ path }: Entry, group: Entry): boolean {
  return path.length === group.path.length + 1 && group.path.every((step, index) => path[index] === step)
}

function table(entries: readonly Entry[]): string {
  const rows = entries.map(
    (entry) => `| ${[`\`${entry.key}\``, about(entry), fallback(entry), elsewhere(entry)].join(' | ')} |`,
  )
  return ['| setting | what it is | default | also as |', '| --- | --- | --- | --- |', ...rows, ''].join('\n')
}

function about({ key, doc }: Entry): string {
  const waits = availability(key)
  const mark = waits === 'now' ? '' : ' *Not available yet.*'
  return cell(`${doc.description} Takes ${doc.expects}.${mark}`)
}

function fallback({ doc, default: value }: Entry): string {
  if (doc.defaultText !== undefined) return cell(doc.defaultText)
  return value === undefined ? '' : cell(`\`${JSON.stringify(value)}\``)
}

function elsewhere(entry: Entry): string {
  const flag = flagFor(entry.key)
  const waits = availability(entry.key) === 'not yet'
  const names = waits ? [] : [flag, envNameOf(entry)].filter((name) => name !== undefined)
  return names.map((name) => `\`${name}\``).join(', ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
