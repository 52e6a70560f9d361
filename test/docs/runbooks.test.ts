// `resil why` sends people to a runbook at night: each kind has one, with every section, and names nothing that does not exist.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { lightCommands } from '../../src/cli/light-commands.ts'
import { appFields, supervisorFields } from '../../src/config/layers/gather.ts'
import { INCIDENT_KINDS } from '../../src/events/incident-kind.ts'
import { adviceFor } from '../../src/incidents/advice.ts'
import { sampleIncident } from '../incidents/sample-incident.ts'
import { tempDir } from '../support/temp-dir.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = `${root}/docs/runbooks`
const SECTIONS = ['Symptom', 'Likely causes', 'What resil does', 'How to confirm', 'How to fix', 'Settings']
const settings = new Set([...appFields, ...supervisorFields].map(({ key }) => key))
/** Groups, such as `watchdogs.memory`, may be named as a whole. */
const groups = new Set([...settings].flatMap((key) => [key.split('.').slice(0, -1).join('.'), key.split('.')[0] ?? '']))

test('there is one for each kind, and no other', () => {
  expect(readdirSync(folder).sort()).toEqual(INCIDENT_KINDS.map((kind) => `${kind}.md`).sort())
})

describe.each(INCIDENT_KINDS)('%s', (kind) => {
  const text = readFileSync(`${folder}/${kind}.md`, 'utf8')

  test('has every section, in order, with something in it', () => {
    const parts = text.split(/^## /m)
    expect(parts[0]).toMatch(new RegExp(`^# .+: \`${kind}\`\n`))
    expect(parts.slice(1).map((part) => part.split('\n')[0])).toEqual(SECTIONS)
    for (const part of parts.slice(1)) expect(part.split('\n').slice(1).join('').trim().length).toBeGreaterThan(40)
  })

  test('names only settings that exist', () => {
    const table = text.slice(text.indexOf('## Settings'))
    const named = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key ?? '')
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((key) => !settings.has(key))).toEqual([])
    const inText = [...text.matchAll(/`([a-z]\w*(?:\.[a-z]\w+)+)`/g)].map(([, key]) => key ?? '')
    const ofResil = inText.filter((key) => groups.has(key.split('.')[0] ?? ''))
    expect(ofResil.filter((key) => !settings.has(key) && !groups.has(key))).toEqual([])
  })

  test('links to pages that are there', () => {
    for (const [, page] of text.matchAll(/\]\(([^)]+)\)/g)) expect(readdirSync(folder)).toContain(page)
  })

  test('is preceded by two or three things to do', () => {
    const next = adviceFor(sampleIncident({ kind }))
    expect(next.length).toBeGreaterThanOrEqual(2)
    expect(next.length).toBeLessThanOrEqual(3)
    const commands = next.map(({ command }) => /^resil (\w+)/.exec(command)?.[1]).filter((name) => name !== undefined)
    const known = [...lightCommands.map(({ name }) => name), 'check']
    expect(commands.filter((name) => !known.includes(name))).toEqual([])
  })
})

test('they are in the package, so that the path that resil why prints is there in a container', () => {
  const [packed] = JSON.parse(
    // Its own cache: there may be no home, or one that can't be written.
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline', '--cache', tempDir()], {
      cwd: root,
      encoding: 'utf8',
    }),
  ) as [{ files: { path: string }[] }]
  const paths = packed.files.map(({ path }) => path)
  for (const kind of INCIDENT_KINDS) expect(paths).toContain(`docs/runbooks/${kind}.md`)
})
