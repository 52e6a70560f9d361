// The settings that `resil init --format mjs` shows in comments: those that people change first, in the words of the schema.

import { fieldsOf } from './fields/walk-schema.ts'
import { App } from './schema.ts'
import { type Starter, toModuleConfig } from './starter.ts'

const SHOWN = [
  'env',
  'envFile',
  'ready.timeout',
  'restart.window.maxRestarts',
  'restart.backoff.max',
  'shutdown.deadline',
  'reload.surge',
]

export function toCommentedConfig(starter: Starter): string {
  const fields = fieldsOf(App)
  const settings = SHOWN.flatMap((key) => {
    const field = fields.find((candidate) => candidate.key === key)
    if (field === undefined) return []
    return [{ path: field.path, description: field.doc.description, value: JSON.stringify(field.default) }]
  })
  return toModuleConfig(starter, settings)
}
