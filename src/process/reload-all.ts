// SIGHUP: the config is read again and every app reloaded. Nobody waits for an answer, so what is refused or left out is told as
// an event. Whether the signal means that at all is signals.ts's.

import type { ControlPort } from '../control/port.ts'
import { messageOf } from '../errors.ts'
import { unappliedWords } from '../events/change-words.ts'
import type { ResilEvent } from '../events/events.ts'

export async function reloadAll(
  { appNames, reread, submit }: Pick<ControlPort, 'appNames' | 'reread' | 'submit'>,
  publish: (event: ResilEvent) => void,
): Promise<void> {
  const requestOf = (app: string): string => `SIGHUP-${app}`
  try {
    const { apps, notApplied } = await reread(null)
    const unapplied = unappliedWords([
      ...notApplied,
      ...[...apps.values()].flatMap(({ changes }) => changes.notApplied),
    ])
    if (unapplied !== null)
      publish({ type: 'supervisor.warned', message: `the reload leaves something out, which ${unapplied}` })
    for (const [app, { settings }] of apps) submit({ type: 'reload.requested', app, request: requestOf(app), settings })
  } catch (error) {
    const reason = messageOf(error)
    for (const app of appNames()) publish({ type: 'request.refused', app, request: requestOf(app), reason })
  }
}
