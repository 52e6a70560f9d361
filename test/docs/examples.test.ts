// What README, guides and runbooks show is typed by people at night: each command and option is there, each config is taken,
// each link leads somewhere. What the examples do is tried in test/integration and test/patterns/docs.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { CliContext } from '../../src/cli/context.ts'
import { createProgram } from '../../src/cli/program.ts'
import { resolveSettings } from '../../src/config/resolve.ts'
import { INCIDENT_KINDS } from '../../src/events/incident-kind.ts'
import { adviceFor } from '../../src/incidents/advice.ts'
import { sampleIncident } from '../incidents/sample-incident.ts'
import { tempDir } from '../support/temp-dir.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
const pages = [
  'README.md',
  'docs/architecture.md',
  ...['docs/guides', 'docs/guides/patterns', 'docs/runbooks'].flatMap(pagesIn),
]
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

function blocksOf(page: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms')
  return [...textOf(page).matchAll(pattern)].map(([, text = '']) => text)
}

// Nothing is run: what a command would run in is not asked for.
const { commands } = createProgram({} as CliContext, { own: [], app: [] })
const ANYWHERE = ['--help', '--version', '-h', '-V']

/** What is wrong with one; null: nothing. */
function mistakeIn(line: string): string | null {
  const [name = '', ...words] = line.split(/\s+/)
  const spec = commands.find((command) => command.name() === name)
  if (spec === undefined) return `there is no command ${name}: ${line}`
  const known = spec.options.flatMap(({ long, short }) => [long, short])
  const typed = words.slice(0, words.includes('--') ? words.indexOf('--') : words.length)
  const wrong = typed.filter((word) => /^--?[a-z]/i.test(word) && !known.includes(word) && !ANYWHERE.includes(word))
  return wrong.length === 0 ? null : `${name} does not know ${wrong.join(', ')}: ${line}`
}

/** What stands behind the word resil, up to whatever ends a command. */
function commandsIn(text: string): string[] {
  return [...text.replace(/(^|\s)#.*/gm, '').matchAll(/(?:^|[\s(!]|\.bin\/)resil ([a-z][^#;|&\n)…>]*)/g)].map(
    ([, line = '']) => line.trim(),
  )
}

describe.each(pages)('%s', (page) => {
  const text = textOf(page)

  it('names only commands and options that are there', () => {
    // Prose says "resil asks"; what is between back-ticks is meant to be typed.
    const inline = [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
    const typed = [...blocksOf(page, 'sh'), ...inline].flatMap((code) => commandsIn(code))
    expect(typed.map(mistakeIn).filter((mistake) => mistake !== null)).toEqual([])
  })

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => link)
    const own = links.filter((link) => !/^[a-z]+:/.test(link))
    expect(own.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([])
  })

  it('shows only configs that are taken', async () => {
    const [json, yaml] = [blocksOf(page, 'json'), blocksOf(page, 'yaml')]
    const configs = [
      ...json.filter((block) => 'script' in JSON.parse(block)).map((block) => ['json', block] as const),
      ...yaml.filter((block) => /^log:/.test(block)).map((block) => ['yaml', `script: app.js\n${block}`] as const),
    ]
    for (const [ending, block] of configs) {
      const text = block.replaceAll('/srv/shop/current', '.')
      const cwd = tempDir({ 'app.js': '', 'server.js': '', [`resilience.config.${ending}`]: text })
      const machine = {
        cpus: { count: 2, reason: '2 CPUs' },
        cpusByAffinity: { count: 2, reason: '2 CPUs' },
        memory: { limitBytes: null, reason: 'no limit' },
        container: 'none',
      } as const
      const { settings } = await resolveSettings({ flags: {}, env: {}, machine, nodeVersion: 'v24.0.0', cwd })
      expect(settings.apps).toHaveLength(1)
    }
  })
})

it('a container starts resil itself: npx and npm hand no stop on', () => {
  const starts = pages.flatMap((page) => textOf(page).match(/^(?:CMD|ENTRYPOINT) .*/gm) ?? [])
  expect(starts.length).toBeGreaterThan(1)
  expect(starts.filter((line) => /npx|npm/.test(line))).toEqual([])
})

it('what resil why recommends is there', () => {
  const advised = INCIDENT_KINDS.flatMap((kind) => adviceFor(sampleIncident({ kind }))).map(({ command }) => command)
  const typed = advised.flatMap((command) => commandsIn(command))
  expect(typed.length).toBeGreaterThan(10)
  expect(typed.map(mistakeIn).filter((mistake) => mistake !== null)).toEqual([])
})
