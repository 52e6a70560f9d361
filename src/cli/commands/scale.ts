// `resil scale`: more or fewer workers of an app.

import type { Command } from 'commander'
import { ResilError } from '../../errors.ts'
import { count } from '../../events/words.ts'
import type { CliContext } from '../context.ts'
import { addExamples } from '../examples.ts'
import { type SocketOption, socketOption } from '../options.ts'
import { appOf, withSupervisor } from '../with-supervisor.ts'

export function registerScale(program: Command, context: CliContext): void {
  const command = program
    .command('scale')
    .description('run more or fewer workers of an app')
    .argument('<app=N>', 'app and number: web=4, or a change: web=+1, web=-1; without the name where there is one app')
    .addOption(socketOption())
    .action(async (assignment: string, options: SocketOption) => {
      context.finish(await scale(assignment, options, context))
    })
  addExamples(command, [
    ['resil scale web=4', 'four workers'],
    ['resil scale web=+1', 'one more'],
    ['resil scale web=-1', 'one less, which finishes what it has in hand'],
  ])
}

async function scale(assignment: string, { socket }: SocketOption, context: CliContext): Promise<number> {
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
