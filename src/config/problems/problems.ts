// What is wrong with what a person wrote, one line each. All problems of a start are collected and reported together.

import { relative } from 'node:path'
import { ResilError } from '../../errors.ts'

export interface Problem {
  /** A file, an environment variable, or a flag. */
  readonly where: string
  /** "apps[0].restart.window.within"; null where `where` says it all. */
  readonly field: string | null
  readonly message: string
  /** usage: the command line is wrong. config: a file or the environment is. */
  readonly kind: 'usage' | 'config'
}

export function lineOf({ where, field, message }: Problem): string {
  return [where, field, message].filter((part) => part !== null && part !== '').join(': ')
}

/** The first problem is the message, the others its details; identical lines once. */
export function toError(problems: readonly Problem[]): ResilError {
  const [first = '', ...rest] = new Set(problems.map(lineOf))
  const config = problems.some((problem) => problem.kind === 'config')
  return new ResilError(config ? 'RESIL_CONFIG' : 'RESIL_USAGE', first, { details: rest })
}

/** `["apps", 0, "ready", "on"]` → `apps[0].ready.on` */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`
    return name === '' ? String(step) : `${name}.${String(step)}`
  }, '')
}

/** A file as people would name it from where they are. */
export function displayPath(file: string, cwd: string): string {
  const near = relative(cwd, file)
  return near === '' || near.startsWith('..') ? file : near
}

/** A value for an error line: short, and on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'function' ? 'a function' : asJson(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // A config that is code may hold a BigInt, or an object that contains itself.
    return typeof value === 'object' ? 'an object that JSON can not hold' : String(value)
  }
}
