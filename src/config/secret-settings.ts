// Which settings hold a secret, by the schema.

import { appFields, supervisorFields } from './layers/gather.ts'

const secrets = new Set([...appFields, ...supervisorFields].filter(({ doc }) => doc.secret).map(({ key }) => key))

export function isSecret(key: string): boolean {
  return secrets.has(key)
}
