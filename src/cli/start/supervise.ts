// Becomes the supervisor: from what was typed to settings, and with them to run() until the exit code is known.

import { existsSync, statSync } from 'node:fs'
import { resolveSettings } from '../../config/resolve.ts'
import type { Settings } from '../../config/settings.ts'
import { refuseSecond } from '../../control/refuse-second.ts'
import { identityOf, placeSocket } from '../../control/socket-path.ts'
import { ResilError } from '../../errors.ts'
import { readMachine } from '../../process/machine/read-machine.ts'
import { runSupervisor } from '../../process/run.ts'
import type { StartOptions } from '../commands/start.ts'
import type { CliContext } from '../context.ts'
import { namedFolder } from './named-folder.ts'
import { openReport, type Report } from './report.ts'

export async function supervise(
  entry: string | undefined,
  args: readonly string[],
  options: StartOptions,
  context: CliContext,
): Promise<number> {
  const { env } = context
  const cwd = namedFolder(context.cwd, env.PWD)
  const { config: configFile, reportFd, ...flags } = options
  const report = reportFd === undefined ? null : openReport(Number(reportFd))
  const resolve = () =>
    resolveSettings({
      entry,
      args,
      configFile,
      flags,
      env,
      cwd,
      machine: readMachine(env),
      nodeVersion: process.version,
    })
  try {
    const { settings, warnings } = await resolve()
    await refuseSecond(settings, context)
    const placed = report === null ? settings : inBackground(settings, context, report)
    return await runSupervisor({
      settings: placed,
      foreground: report === null,
      reread: async () => loggedTo(placed.log.file, (await resolve().catch(missingConfig(placed))).settings),
      warnings,
      env: { ...env },
      ...(report !== null && { onEvent: (event) => report.say({ type: 'event', event }) }),
    })
  } catch (error) {
    report?.fail(error)
    throw error
  }
}

/** What a start says where there is no config is of no use to one that runs. */
function missingConfig({ configFile }: Settings): (error: unknown) => never {
  return (error) => {
    if (configFile === undefined || existsSync(configFile)) throw error
    const message = `${configFile} is gone: put it back, then reload; what runs goes on as it is`
    throw new ResilError('RESIL_CONFIG', message, { cause: error })
  }
}

/** Whoever reads the terminal has gone home, so the log goes to a file: the configured one, or one beside the socket. */
function inBackground(settings: Settings, { env, uid }: CliContext, report: Report): Settings {
  const socket = settings.socket ?? placeSocket(identityOf(settings), { env, uid }).path
  if (socket === null) {
    throw new ResilError(
      'RESIL_NOT_PERMITTED',
      'there is no place for a control socket, and nothing could reach a supervisor in the background: set RESIL_RUNTIME_DIR to a folder that can be written',
    )
  }
  const file = settings.log.file ?? socket.replace(/(\.sock)?$/, '.log')
  const { name, apps } = settings
  report.say({ type: 'placed', name, socket, logFile: file, logFrom: sizeOf(file), apps: apps.map((app) => app.name) })
  return { ...settings, socket, log: { ...settings.log, file } }
}

/** Where the place of the log was chosen for it, and not by the config, it stays there. */
function loggedTo(file: string | undefined, settings: Settings): Settings {
  return file === undefined ? settings : { ...settings, log: { file, ...settings.log } }
}

/** What can't be looked at is not there yet, or will be told by whoever opens it. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}
