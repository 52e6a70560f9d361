// What programs can name and rely on: the emitted declarations of the public entries, and all that these refer to. A change here
// is a change of the contract: look at the difference, then update it with `npx vitest run test/patterns/surface.test.ts -u`.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

const types = join(import.meta.dirname, '../../dist/types')

interface Module {
  /** Statements that declare a name, in their order; overloads are several. */
  readonly declared: ReadonlyMap<string, readonly string[]>
  /** Names from elsewhere. */
  readonly imported: ReadonlyMap<string, { readonly name: string; readonly file: string }>
  /** Modules of which everything is exported. */
  readonly stars: readonly string[]
  readonly exported: ReadonlySet<string>
}

const modules = new Map<string, Module>()

function moduleOf(file: string): Module {
  const known = modules.get(file)
  if (known !== undefined) return known
  const declared = new Map<string, string[]>()
  const imported = new Map<string, { name: string; file: string }>()
  const stars: string[] = []
  const exported = new Set<string>()
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  // The compiler begins each statement at the margin, and indents what is inside.
  for (const statement of text.split(/\n(?=[a-z])/).map((part) => part.trim())) {
    const from = /from '(\.[^']+)';$/.exec(statement)?.[1]
    const target = from === undefined ? undefined : join(dirname(file), from.replace(/\.ts$/, '.d.ts'))
    if (target !== undefined && /^export \*/.test(statement)) stars.push(target)
    else if (/^(import|export) (type )?\{/.test(statement)) {
      const names = /\{([\s\S]*?)\}/.exec(statement)?.[1]?.split(',') ?? []
      for (const each of names.map((name) => name.trim().replace(/^type /, '')).filter((name) => name !== '')) {
        const [name = '', as = name] = each.split(' as ')
        if (target !== undefined) imported.set(as, { name, file: target })
        if (statement.startsWith('export')) exported.add(as)
      }
    } else {
      const match = /^(export )?(?:declare )?(?:abstract )?(?:interface|type|const|let|class|function) (\w+)/.exec(
        statement,
      )
      if (match?.[2] === undefined) continue
      declared.set(match[2], [...(declared.get(match[2]) ?? []), statement.replaceAll(/^\s*\n/gm, '')])
      if (match[1] !== undefined) exported.add(match[2])
    }
  }
  const made = { declared, imported, stars, exported }
  modules.set(file, made)
  return made
}

/** The declarations of a name and of what they refer to, once each. */
function collect(file: string, name: string, into: Map<string, string>): void {
  const { declared, imported } = moduleOf(file)
  const elsewhere = imported.get(name)
  if (elsewhere !== undefined) return collect(elsewhere.file, elsewhere.name, into)
  const statements = declared.get(name)
  const key = `${name} ${file}`
  if (statements === undefined || into.has(key)) return
  into.set(key, statements.join('\n'))
  for (const [word] of statements.join('\n').matchAll(/[A-Za-z_]\w*/g)) if (word !== name) collect(file, word, into)
}

function surfaceOf(entry: string): string {
  const file = join(types, entry)
  const all = new Map<string, string>()
  const names = (from: string): string[] => {
    const { exported, stars } = moduleOf(from)
    return [...exported, ...stars.flatMap(names)]
  }
  const walk = (from: string): void => {
    for (const name of moduleOf(from).exported) collect(from, name, all)
    for (const star of moduleOf(from).stars) walk(star)
  }
  walk(file)
  const list = names(file).toSorted().join(', ')
  const text = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, statement]) => statement)
  return `exports: ${list}\n\n${text.join('\n\n')}\n`
}

it.each(['patterns', 'worker'])('the public surface of resil/%s is what was agreed on', async (entry) => {
  await expect(surfaceOf(`${entry}.d.ts`)).toMatchFileSnapshot(`surface/${entry}.txt`)
})

it('resil exports what resil/patterns does, and its own errors', () => {
  const exportsOf = (entry: string) =>
    surfaceOf(`${entry}.d.ts`).split('\n')[0]?.replace('exports: ', '').split(', ') ?? []
  const [all, patterns] = [new Set(exportsOf('index')), exportsOf('patterns')]
  expect(patterns.filter((name) => !all.has(name))).toEqual([])
})
