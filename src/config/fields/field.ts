// What one setting is made of: a zod schema plus what people need to know about it. Error lines, JSON schema, reference page,
// environment names and `check --explain` all read it from here. Which settings there are is in sections/.
// zod/mini, imported as a namespace: a tree-shaken bundle of the classic API costs 11 ms more at start, and its `z` object 23 ms.

import * as z from 'zod/mini'
import { type Parsed, parseDuration, parseSize } from '../units.ts'
import { splitArgs } from './split-args.ts'

export type FieldKind =
  | 'section'
  | 'duration'
  | 'size'
  | 'number'
  | 'boolean'
  | 'text'
  | 'choice'
  | 'list'
  | 'record'
  | 'mixed'

export interface FieldDoc {
  readonly kind: FieldKind
  /** One or two sentences. */
  readonly description: string
  /** What a right value is; completes "x is not …". */
  readonly expects: string
  /** What applies when nothing is written, where the schema alone can't say (it depends on the machine, or on another setting). */
  readonly defaultText?: string
  /** What else is worth knowing at the point of use: how a plain number counts. */
  readonly unit?: string
  readonly choices?: readonly string[]
  /** Its value is never repeated in a message. */
  readonly secret?: boolean
}

type Told = { readonly description: string; readonly defaultText?: string; readonly secret?: boolean }
type Range = { readonly min?: number; readonly max?: number }

export const docs = z.registry<FieldDoc>()

function documented<Schema extends z.core.$ZodType>(schema: Schema, doc: FieldDoc): Schema {
  docs.add(schema, doc)
  return schema
}

/** A group of settings. Unknown keys are errors. */
export function section<Shape extends z.core.$ZodLooseShape>(description: string, shape: Shape) {
  return documented(z.strictObject(shape), { kind: 'section', description, expects: 'a group of settings (an object)' })
}

/** Milliseconds inside, "30s" or a number outside. */
export function duration(told: Told & { readonly atLeast?: string; readonly atMost?: string }) {
  return documented(quantity(parseDuration, told), {
    ...told,
    kind: 'duration',
    expects: `a duration such as "30s"${bounds(told)}`,
    unit: 'a number counts milliseconds',
  })
}

/** Bytes inside, "512mb" or a number outside. */
export function size(told: Told & { readonly atLeast?: string; readonly atMost?: string }) {
  return documented(quantity(parseSize, told), {
    ...told,
    kind: 'size',
    expects: `a size such as "512mb"${bounds(told)}`,
    unit: 'a number counts bytes',
  })
}

function bounds({ atLeast, atMost }: { readonly atLeast?: string; readonly atMost?: string }): string {
  return [
    ...(atLeast === undefined ? [] : [`, at least "${atLeast}"`]),
    ...(atMost === undefined ? [] : [`, at most "${atMost}"`]),
  ].join('')
}

function quantity(
  parse: (input: string | number) => Parsed,
  limits: { readonly atLeast?: string; readonly atMost?: string },
) {
  const limit = (text: string | undefined): number | undefined => {
    const parsed = text === undefined ? undefined : parse(text)
    return parsed?.ok ? parsed.value : undefined
  }
  const min = limit(limits.atLeast)
  const max = limit(limits.atMost)
  return z.pipe(
    z.union([z.string(), z.number()]),
    z.transform((input, context): number => {
      const parsed = parse(input)
      const problem = !parsed.ok
        ? parsed.problem
        : min !== undefined && parsed.value < min
          ? `${JSON.stringify(input)} is too small: at least "${limits.atLeast}"`
          : max !== undefined && parsed.value > max
            ? `${JSON.stringify(input)} is too large: at most "${limits.atMost}"`
            : undefined
      if (parsed.ok && problem === undefined) return parsed.value
      context.issues.push({ code: 'custom', input, message: problem ?? '' })
      return z.NEVER
    }),
  )
}

export function whole(told: Told & Range & { readonly noun?: string }) {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, noun = 'a whole number', ...doc } = told
  return documented(z.int().check(z.gte(min), z.lte(max)), { ...doc, kind: 'number', expects: `${noun} ${span(told)}` })
}

export function decimal(told: Told & Range) {
  const { min = 0, max = Number.MAX_VALUE, ...doc } = told
  return documented(z.number().check(z.gte(min), z.lte(max)), {
    ...doc,
    kind: 'number',
    expects: `a number ${span(told)}`,
  })
}

function span({ min = 0, max }: Range): string {
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`
}

export function yesNo(told: Told) {
  return documented(z.boolean(), { ...told, kind: 'boolean', expects: 'true or false' })
}

export function choice<const Values extends readonly string[]>(values: Values, told: Told) {
  const expects = `one of ${values.map((value) => `"${value}"`).join(', ')}`
  return documented(z.enum(values), { ...told, kind: 'choice', expects, choices: values })
}

export function text(told: Told & { readonly expects?: string; readonly pattern?: RegExp }) {
  const { pattern, ...doc } = told
  const schema = z.string().check(pattern === undefined ? z.minLength(1) : z.regex(pattern))
  return documented(schema, { expects: 'text', ...doc, kind: 'text' })
}

export function textList(told: Told & { readonly expects?: string }) {
  return documented(z.array(z.string().check(z.minLength(1))), { expects: 'a list of texts', ...told, kind: 'list' })
}

/** No argument and no variable of a process can: it ends there. */
const HOLDS_NUL = 'holds a NUL character, which no process can be given; leave it out'
const holdsNul = (text: string): boolean => text.includes('\0')

/** A list, or one line that is split as a shell would. */
export function argList(told: Told) {
  const schema = z.pipe(
    z.union([z.string(), z.array(z.union([z.string(), z.number()]))]),
    z.transform((input, context): readonly string[] => {
      const split = typeof input === 'string' ? splitArgs(input) : { ok: true as const, args: input.map(String) }
      const problem = split.ok ? (split.args.some(holdsNul) ? HOLDS_NUL : undefined) : split.problem
      if (split.ok && problem === undefined) return split.args
      context.issues.push({ code: 'custom', input, message: `${JSON.stringify(input)}: ${problem}` })
      return z.NEVER
    }),
  )
  return documented(schema, { ...told, kind: 'list', expects: 'a list of texts, or one line of arguments' })
}

/** Where no builder above fits. */
export function mixed<Schema extends z.core.$ZodType>(schema: Schema, doc: Omit<FieldDoc, 'kind'>): Schema {
  return documented(schema, { ...doc, kind: 'mixed' })
}

/** Names to texts. Numbers and booleans become text, as in a shell. */
export function textRecord(told: Told) {
  const value = z.pipe(
    z.union([z.string(), z.number(), z.boolean()]),
    z.transform((input, context): string => {
      if (!holdsNul(String(input))) return String(input)
      // Its value may be a secret.
      context.issues.push({ code: 'custom', input, message: HOLDS_NUL })
      return z.NEVER
    }),
  )
  const expects = 'an object of names and texts'
  return documented(z.record(z.string().check(z.regex(/^[^=\0]+$/)), value), { ...told, kind: 'record', expects })
}
