// A setting as text, from the environment or a flag: numbers, true and false arrive in quotes there. Lists and groups need a file.

import * as z from 'zod/mini'
import { describeIssues } from '../problems/describe-issue.ts'
import type { Problem } from '../problems/problems.ts'
import type { Field } from './walk-schema.ts'

/** What the text says in the terms of the field, and what is wrong with it. */
export function readText(
  text: string,
  field: Field,
  origin: { readonly where: string; readonly kind: Problem['kind'] },
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const value = toValue(text, field)
  const result = z.safeParse(field.schema, value)
  const problems = result.success
    ? []
    : describeIssues(result.error.issues, value, field.schema, { ...origin, prefix: [] }).slice(0, 1)
  return { value, problems }
}

function toValue(text: string, { doc: { kind } }: Field): unknown {
  const trimmed = text.trim()
  if (kind === 'boolean' || kind === 'mixed') {
    if (trimmed === 'true' || (kind === 'boolean' && trimmed === '1')) return true
    if (trimmed === 'false' || (kind === 'boolean' && trimmed === '0')) return false
  }
  // In the environment a plain number is a number: 25000 is 25 s, as in a file without quotes.
  if (kind === 'number' || kind === 'mixed' || kind === 'duration' || kind === 'size') {
    if (/^[+-]?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed)
  }
  return kind === 'text' || kind === 'list' ? text : trimmed
}
