// Durations and sizes as people write them ("30s", "512mb") to milliseconds and bytes, and back. What is wrong with one is said
// in words that name the unit; where the value came from is the caller's to add.

const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const BYTES_PER_UNIT = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 } as const

/** What people also write. `m` alone is a megabyte here, as in docker and pm2. */
const SIZE_SYNONYMS: Readonly<Record<string, keyof typeof BYTES_PER_UNIT>> = {
  k: 'kb',
  m: 'mb',
  g: 'gb',
  t: 'tb',
  kib: 'kb',
  mib: 'mb',
  gib: 'gb',
  tib: 'tb',
}

export type Parsed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: string }

/** Milliseconds. A number is milliseconds already; text needs its unit, since "30" may mean either. */
export function parseDuration(input: string | number): Parsed {
  return parseQuantity(input, {
    noun: 'a duration',
    unitless: 'write "30s" for seconds, or a plain number for milliseconds',
    units: 'ms, s, m, h or d',
    scale: (unit) => (Object.hasOwn(MS_PER_UNIT, unit) ? MS_PER_UNIT[unit as keyof typeof MS_PER_UNIT] : undefined),
  })
}

/** Bytes. Units are powers of 1024. */
export function parseSize(input: string | number): Parsed {
  return parseQuantity(input, {
    noun: 'a size',
    unitless: 'write "512mb", or a plain number for bytes',
    units: 'b, kb, mb, gb or tb',
    scale: (unit) => {
      const known = SIZE_SYNONYMS[unit] ?? unit
      return Object.hasOwn(BYTES_PER_UNIT, known) ? BYTES_PER_UNIT[known as keyof typeof BYTES_PER_UNIT] : undefined
    },
  })
}

interface QuantityRules {
  readonly noun: string
  readonly unitless: string
  readonly units: string
  readonly scale: (unit: string) => number | undefined
}

function parseQuantity(input: string | number, rules: QuantityRules): Parsed {
  const fail = (why: string): Parsed => ({
    ok: false,
    problem: `${JSON.stringify(input)} is not ${rules.noun}: ${why}`,
  })
  if (typeof input === 'number') {
    if (!Number.isFinite(input)) return { ok: false, problem: `${input} is not ${rules.noun}: it must be finite` }
    if (input < 0) return fail('it is negative')
    return input > Number.MAX_SAFE_INTEGER ? fail('it is too large') : { ok: true, value: Math.round(input) }
  }
  const match = /^\s*([+-]?)(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]*)\s*$/i.exec(input)
  if (match === null) return fail(`write a number and a unit (${rules.units})`)
  const [, sign, digits, unit = ''] = match
  const number = Number(digits)
  if (unit === '' && number !== 0) return fail(`it has no unit; ${rules.unitless}`)
  const scale = unit === '' ? 1 : rules.scale(unit.toLowerCase())
  if (scale === undefined) return fail(`unit "${unit}" is unknown (use ${rules.units})`)
  if (sign === '-' && number !== 0) return fail('it is negative')
  const value = Math.round(number * scale)
  return Number.isSafeInteger(value) ? { ok: true, value } : fail('it is too large')
}

/** The shortest exact way to write it: 90000 is "90s", 2500 is "2.5s". */
export function formatDuration(ms: number): string {
  return format(ms, [
    ['d', MS_PER_UNIT.d],
    ['h', MS_PER_UNIT.h],
    ['m', MS_PER_UNIT.m],
    ['s', MS_PER_UNIT.s],
    ['ms', 1],
  ])
}

export function formatSize(bytes: number): string {
  return format(bytes, [
    ['tb', BYTES_PER_UNIT.tb],
    ['gb', BYTES_PER_UNIT.gb],
    ['mb', BYTES_PER_UNIT.mb],
    ['kb', BYTES_PER_UNIT.kb],
    ['b', 1],
  ])
}

function format(value: number, units: readonly (readonly [name: string, scale: number])[]): string {
  const smallest = units.at(-1)?.[0] ?? ''
  for (const [name, scale] of units) {
    const scaled = value / scale
    // One decimal reads well ("2.5s"); more would be a riddle ("0.0417d").
    if (scaled >= 1 && Number.isInteger(scaled * (name === 's' ? 10 : 1))) return `${scaled}${name}`
  }
  return `${value}${smallest}`
}
