// Turns what zod found into lines for people: which field, what it held, what it should hold, and what was probably meant.

import type * as z from 'zod/mini'
import type { FieldDoc, FieldKind } from '../fields/field.ts'
import { fieldsOf, locate, shapeOf, walk } from '../fields/walk-schema.ts'
import { App, Supervisor } from '../schema.ts'
import { nearest } from '../suggest.ts'
import { foreignName } from './foreign-names.ts'
import { fieldName, type Problem, shown } from './problems.ts'

type Issue = z.core.$ZodIssue

/** The problems of one value that was checked against `schema`. `prefix`: where in its file the value stood. */
export function describeIssues(
  issues: readonly Issue[],
  input: unknown,
  schema: z.core.$ZodType,
  origin: { readonly where: string; readonly prefix: readonly PropertyKey[]; readonly kind: Problem['kind'] },
): Problem[] {
  const problems = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKey(key, issue.path, schema) }))
      : [wrongValue(issue, input, schema)],
  )
  const { where, prefix, kind } = origin
  const named = problems.map(({ path, message }) => ({ field: fieldName([...prefix, ...path]) || null, message }))
  // zod may find two things wrong with one value; for a person it is one.
  const once = new Map(named.map((problem) => [`${problem.field}: ${problem.message}`, problem]))
  return [...once.values()].map((problem) => ({ where, ...problem, kind }))
}

function wrongValue(issue: Issue, input: unknown, schema: z.core.$ZodType): { path: PropertyKey[]; message: string } {
  const { doc, depth } = locate(schema, issue.path)
  const path = issue.path.slice(0, depth)
  const value = path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], input)
  if (issue.code === 'custom') return { path: doc?.kind === 'record' ? issue.path : path, message: issue.message }
  // What is inside a record may be a password.
  if (doc?.secret || doc?.kind === 'record') return { path: issue.path, message: `is not ${recordItem(doc, issue)}` }
  const meant = typeof value === 'string' ? nearest(value, doc?.choices ?? []) : undefined
  const hint =
    meant !== undefined
      ? `; did you mean "${meant}"?`
      : typeof value === 'string' && needsNoQuotes(value, doc?.kind)
        ? ` (write ${value} without quotes)`
        : ''
  return { path, message: `${shown(value)} is not ${doc?.expects ?? 'right'}${hint}` }
}

function recordItem(doc: FieldDoc, issue: Issue): string {
  if (doc.kind !== 'record' || issue.path.length === 1) return doc.expects
  return issue.code === 'invalid_key' ? 'a name that an environment can hold' : 'a text, a number, true or false'
}

function needsNoQuotes(text: string, kind: FieldKind | undefined): boolean {
  if (kind === 'number' || kind === 'mixed') return /^\d+(\.\d+)?$/.test(text)
  return kind === 'boolean' && (text === 'true' || text === 'false')
}

function unknownKey(key: string, path: readonly PropertyKey[], schema: z.core.$ZodType): string {
  const siblings = Object.keys(shapeOf(locate(schema, path).schema) ?? {})
  if (path[0] === 'apps' && isSupervisorWide([...path.slice(2), key])) {
    return 'holds for the whole supervisor: move it out of "apps", to the top level'
  }
  const foreign = foreignName(key)
  if (foreign !== undefined) return `unknown setting; in resil this is ${foreign}`
  const near = nearest(key, siblings)
  if (near !== undefined) return `unknown setting; did you mean "${near}"?`
  const elsewhere = [...walk(App), ...walk(Supervisor)].find((entry) => entry.path.at(-1) === key)
  if (elsewhere !== undefined) return `unknown setting here; did you mean "${elsewhere.key}"?`
  return `unknown setting; known here: ${siblings.filter((name) => name !== '$schema').join(', ')}`
}

function isSupervisorWide(path: readonly PropertyKey[]): boolean {
  const wide = fieldsOf(Supervisor)
  return wide.some((field) => path.every((step, index) => field.path[index] === step))
}
