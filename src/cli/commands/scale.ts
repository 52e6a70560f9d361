// `resil scale`: more or fewer workers of an app.

import { ResilError } from '../../errors.ts'
import { count } from '../../events/words.ts'
import type { CommandSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { type SocketOption, socketOption } from '../options.ts'
import { appOf, withSupervisor } from '../with-supervisor.ts'

export const scaleCommand: CommandSpec<SocketOption> = {
  name: 'scale',
  summary: 'run more or fewer workers of an app',
  argument: {
    name: 'app=N',
    required: true,
    summary: 'app and number: web=4, or a change: web=+1, web=-1; without the name where there is one app',
  },
  options: [socketOption],
  examples: [
    ['resil scale web=4', 'four workers'],
    ['resil scale web=+1', 'one more'],
    ['resil scale web=-1', 'one less, which finishes what it has in hand'],
  ],
  run: scale,
}

async function scale(assignment = '', { socket }: SocketOption, context: CliContext): Promise<number> {
  const [, name, to] = /^(?:(.+)=)?([+-]?\d+)$/.exec(assignment) ?? []
  if (to === undefined) {
    throw new ResilError('RESIL_USAGE', `scale: "${assignment}" is not app=N: write web=4, web=+1 or web=-1`)
  }
  return withSupervisor(context, { socket, target: name }, async (found) => {
    const { apps } = found.info
    const app = appOf(found, name) ?? (apps.length === 1 ? apps[0] : undefined)
    if (app === undefined) {
      throw new ResilError('RESIL_USAGE', `scale: name the app, such as ${apps[0]}=${to}: there are ${apps.join(', ')}`)
    }
    const scaled = await found.client.request('scale', { app, to })
    context.stdout.write(`${scaled.app}: ${scaled.from} to ${count(scaled.to, 'worker')}\n`)
    return 0
  })
}
