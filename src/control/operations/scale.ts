// More or fewer workers of one app. The core decides; here it is asked, and its answer awaited.

import { ResilError } from '../../errors.ts'
import type { ResultOf } from '../../protocol/control.ts'
import { MOST_INSTANCES } from '../../supervisor/on-scale-requested.ts'
import type { Call } from '../operations.ts'
import { awaitEvent } from './await-event.ts'
import { requestId } from './request-id.ts'
import { findApp } from './target.ts'

export function scale(call: Call<'scale'>): Promise<ResultOf<'scale'>> {
  const { port, params } = call
  const app = findApp(port, params.app)
  const by = /^[+-]/.test(params.to) ? 'relative' : 'absolute'
  const count = Number(params.to)
  const instances = port.status().apps.find(({ name }) => name === app)?.instances ?? 0
  checkSize(app, by === 'absolute' ? count : instances + count)
  const request = requestId('scale')
  return awaitEvent(
    call,
    (event) => {
      if (event.type === 'app.scaled' && event.request === request) return { app, from: event.from, to: event.to }
      if (event.type === 'request.refused' && event.request === request) {
        throw new ResilError('RESIL_BUSY', `${app} was not scaled: ${event.reason}`)
      }
      return undefined
    },
    () => port.submit({ type: 'scale.requested', app, to: { by, count }, request }),
  )
}

function checkSize(app: string, to: number): void {
  if (to < 1) {
    throw new ResilError('RESIL_USAGE', `${app} can't have ${to} workers: at least 1; \`resil stop ${app}\` ends it`)
  }
  if (to > MOST_INSTANCES) {
    throw new ResilError('RESIL_USAGE', `${app} can't have ${to} workers: at most ${MOST_INSTANCES}`)
  }
}
