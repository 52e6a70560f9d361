// The stream of events: what is remembered, then, with `follow`, what comes.

import type { ResultOf } from '../../protocol/control.ts'
import type { Call } from '../operations.ts'
import { untilAborted } from './until-aborted.ts'

export async function streamEvents({ port, params, sink, signal }: Call<'events'>): Promise<ResultOf<'events'>> {
  for (const event of port.events.recent()) sink.emit(event)
  if (!params.follow) return {}
  const subscription = port.events.subscribe((event) => sink.emit(event))
  await untilAborted(signal)
  subscription.close()
  return {}
}
