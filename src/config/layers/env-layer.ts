// RESIL_… variables as a layer: one for every setting that fits into a line of text, named after its path.
// RESIL_SHUTDOWN_KILL_AFTER is shutdown.killAfter.

import { readText } from '../fields/from-text.ts'
import { notYet } from '../fields/not-yet.ts'
import type { Field } from '../fields/walk-schema.ts'
import type { Problem } from '../problems/problems.ts'
import { nearest } from '../suggest.ts'
import type { Entry, Layer } from './layers.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Read elsewhere: where the control socket is. */
const OTHER_VARIABLES = ['RESIL_SOCKET', 'RESIL_RUNTIME_DIR']

/** "shutdown.killAfter" → RESIL_SHUTDOWN_KILL_AFTER; undefined where the value does not fit into one line of text. */
export function envNameOf({ path, doc, schema }: Field): string | undefined {
  if (doc.kind === 'record' || schema._zod.def.type === 'array') return undefined
  return `RESIL_${path.map((step) => step.replaceAll(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()).join('_')}`
}

export function readEnv(env: Env, fields: readonly Field[]): { layer: Layer; problems: readonly Problem[] } {
  const layer = new Map<string, Entry>()
  const problems: Problem[] = []
  for (const field of fields) {
    const name = envNameOf(field)
    const text = name === undefined ? undefined : env[name]
    // Empty means unset, as compose files and CI leave it.
    if (name === undefined || text === undefined || text === '') continue
    if (isServiceLink(name, text)) continue
    const { value, problems: found } = readText(text, field, { where: name, kind: 'config' })
    problems.push(...found)
    const waiting = found.length === 0 ? notYet(field.key, value) : undefined
    if (waiting !== undefined) problems.push({ where: name, field: null, message: waiting.message, kind: 'config' })
    layer.set(field.key, { value, origin: { from: 'env', name } })
  }
  return { layer, problems }
}

/** Kubernetes makes NAME_PORT=tcp://10.0.0.7:80 for each service of the namespace: one called "resil-admin" must not stop a start. */
function isServiceLink(name: string, text: string): boolean {
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text)
}

/** Variables that look like a slip of the pen. Others that begin with RESIL_ may be anybody's (Kubernetes makes some for a service "resil"). */
export function mistypedEnv(env: Env, fields: readonly Field[]): string[] {
  const known = [...fields.map(envNameOf).filter((name) => name !== undefined), ...OTHER_VARIABLES]
  return Object.keys(env)
    .filter((name) => name.startsWith('RESIL_') && !known.includes(name))
    .flatMap((name) => {
      // The common prefix must not count as likeness.
      const near = nearest(
        name.slice('RESIL_'.length),
        known.map((other) => other.slice('RESIL_'.length)),
      )
      return near === undefined ? [] : [`${name} is not read; did you mean RESIL_${near}?`]
    })
}
