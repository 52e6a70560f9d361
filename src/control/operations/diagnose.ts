// Looks into one worker. Which one is found out here; what is taken, and how, is process/evidence/.

import { ResilError } from '../../errors.ts'
import { duration, list, slotName } from '../../events/words.ts'
import type { DiagnoseRequest, ResultOf } from '../../protocol/control.ts'
import type { Call } from '../operations.ts'
import { findTarget } from './target.ts'

/** What somebody waits for on a terminal, on a machine that is in trouble. */
const TIME_BOX_MS = 5_000
/** Some seconds for each gigabyte. */
const SNAPSHOT_TIME_BOX_MS = 10 * 60_000

export async function diagnose({ port, params, sink, signal }: Call<'diagnose'>): Promise<ResultOf<'diagnose'>> {
  const { request } = params
  const { app, slot } = findTarget(port, params.target)
  const slots = port.slotsOf(app)
  const number = slot ?? (slots.length === 1 ? slots[0] : undefined)
  if (number === undefined) {
    const names = list(slots.map((each) => slotName(app, each)))
    throw new ResilError('RESIL_USAGE', `${app} has ${slots.length} workers: name one of them, ${names}`)
  }
  const note = noteOn(request)
  if (note !== null) sink.emit({ note: `${slotName(app, number)}: ${note}` })
  const { timeBoxMs = request.kind === 'heap-snapshot' ? SNAPSHOT_TIME_BOX_MS : TIME_BOX_MS } = params
  const taken = await port.diagnose({ app, slot: number }, request, { timeBoxMs, signal })
  if (taken !== null) return { app, slot: number, ...taken }
  throw new ResilError(
    'RESIL_UNKNOWN_TARGET',
    `${slotName(app, number)} has no worker now; \`resil status ${app}\` shows why`,
  )
}

function noteOn(request: DiagnoseRequest): string | null {
  switch (request.kind) {
    case 'cpu-profile':
      return `profiling for ${duration(request.durationMs)}`
    case 'heap-snapshot':
      return 'writing a heap snapshot: the worker answers nobody meanwhile'
    default:
      return null
  }
}
