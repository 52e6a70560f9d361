// The status document, of all apps or of one.

import type { StatusDocument } from '../../protocol/status.ts'
import type { Call } from '../operations.ts'
import { findApp } from './target.ts'

export function status({ port, params }: Call<'status'>): StatusDocument {
  if (params.app === undefined) return port.status()
  const name = findApp(port, params.app)
  const document = port.status()
  return { ...document, apps: document.apps.filter((app) => app.name === name) }
}
