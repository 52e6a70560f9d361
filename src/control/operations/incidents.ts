// What went wrong: a list, or one of them with all its evidence.

import { ResilError } from '../../errors.ts'
import { selectIncidents, selectNewest } from '../../incidents/select.ts'
import type { ResultOf } from '../../protocol/control.ts'
import type { Call } from '../operations.ts'
import { findApp } from './target.ts'

export async function incidents({ port, params }: Call<'incidents'>): Promise<ResultOf<'incidents'>> {
  if (params.app !== undefined) findApp(port, params.app)
  return { incidents: selectIncidents(await port.incidents.list(), params) }
}

export async function why({ port, params }: Call<'why'>): Promise<ResultOf<'why'>> {
  if (params.app !== undefined) findApp(port, params.app)
  const { id } = params
  if (id === undefined) {
    const newest = selectNewest(await port.incidents.list(), params.app)
    return { incident: newest === null ? null : await port.incidents.get(newest.id) }
  }
  await port.incidents.list()
  const incident = await port.incidents.get(id)
  if (incident !== null) return { incident }
  throw new ResilError('RESIL_UNKNOWN_TARGET', `there is no incident "${id}": \`resil incidents\` lists what is kept`)
}
