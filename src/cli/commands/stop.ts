// `resil stop`: the supervisor, an app or a slot. Returns when it has ended, so that what comes next finds the ports free.

import type { FoundSupervisor } from '../../control/find.ts'
import { ResilError } from '../../errors.ts'
import { duration } from '../../events/words.ts'
import type { CommandSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { leave } from '../interrupt.ts'
import { durationOf, type SocketOption, socketOption } from '../options.ts'
import { withSupervisor } from '../with-supervisor.ts'

interface StopOptions extends SocketOption {
  readonly force?: boolean
  readonly timeout?: string
}

/** Beyond the deadline that the supervisor has announced: for its own end, on a machine that is busy. */
const GRACE_MS = 10_000

export const stopCommand: CommandSpec<StopOptions> = {
  name: 'stop',
  summary: 'stop gracefully: workers finish what they have in hand, up to the deadline',
  argument: {
    name: 'target',
    required: false,
    summary: 'an app, or one slot of it: web, web:2; everything where it is left out',
  },
  options: [
    { flags: '--force', summary: 'kill at once, without a drain' },
    {
      flags: '--timeout <duration>',
      summary: 'how long to wait for the end, such as 1m (default: the deadline of the stop)',
    },
    socketOption,
  ],
  examples: [
    ['resil stop', 'the supervisor of this folder, with all its apps'],
    ['resil stop web:2', 'one worker; its slot stays empty until `resil restart web:2`'],
    ['resil stop --force', 'kill what will not end'],
  ],
  run: stop,
}

function stop(target: string | undefined, options: StopOptions, context: CliContext): Promise<number> {
  const { force = false, timeout, socket } = options
  const timeoutMs = timeout === undefined ? undefined : durationOf('--timeout', timeout)
  const interrupted = context.interrupted()
  return withSupervisor(context, { socket, target }, async (found) => {
    try {
      const { stopped, supervisor } = await ended(found, target, force, timeoutMs, interrupted)
      const what = supervisor ? [found.info.name] : stopped
      for (const name of what) context.stdout.write(`${name} has stopped\n`)
      return 0
    } catch (error) {
      const what = target ?? found.info.name
      const goesOn = `it goes on stopping; \`resil stop ${what} --force\` kills it`
      if (interrupted.aborted) return leave(context, `no longer waiting: ${goesOn}`)
      if (!(error instanceof ResilError) || error.code !== 'RESIL_TIMEOUT') throw error
      throw new ResilError('RESIL_TIMEOUT', `${error.message}: ${goesOn}`)
    }
  })
}

async function ended(
  { client, info }: FoundSupervisor,
  target: string | undefined,
  force: boolean,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<{ readonly stopped: readonly string[]; readonly supervisor: boolean }> {
  const begunAt = performance.now()
  let announcedMs: number | undefined
  const result = await client.request(
    'stop',
    { target, force },
    {
      signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
      onItem: (event) => {
        if (event.type === 'supervisor.stopping') announcedMs = event.deadlineMs
      },
    },
  )
  if (!result.supervisor) return result
  // The supervisor hangs up when it ends: the last thing that it does.
  const waitMs = timeoutMs ?? (announcedMs === undefined ? undefined : announcedMs + GRACE_MS)
  await untilClosed(client.closed, signal, {
    leftMs: waitMs === undefined ? undefined : Math.max(0, waitMs - (performance.now() - begunAt)),
    late: `${info.name} (pid ${info.pid}) has not ended within ${duration(waitMs ?? 0)}`,
  })
  return result
}

function untilClosed(
  closed: Promise<void>,
  signal: AbortSignal,
  { leftMs, late }: { readonly leftMs: number | undefined; readonly late: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      finish()
    }
    const onAbort = (): void => settle(() => reject(signal.reason))
    const onLate = (): void => settle(() => reject(new ResilError('RESIL_TIMEOUT', late)))
    const timer = leftMs === undefined ? undefined : setTimeout(onLate, leftMs)
    signal.addEventListener('abort', onAbort, { once: true })
    closed.then(() => settle(resolve))
  })
}
