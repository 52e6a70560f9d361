// Reload and restart: asks the core app by app, passes on what it says on the way, and ends with a verdict for each app.

import { canaryOf } from '../../config/app/canary-settings.ts'
import type { Reapplied, Reread } from '../../config/reapply.ts'
import { messageOf, ResilError } from '../../errors.ts'
import type { ReloadParams, ReloadVerdict, ResultOf } from '../../protocol/control.ts'
import type { SettingChange } from '../../protocol/reload-plan.ts'
import type { ControlInput } from '../../supervisor/inputs.ts'
import type { Call } from '../operations.ts'
import type { ControlPort } from '../port.ts'
import { awaitEvent } from './await-event.ts'
import { requestId } from './request-id.ts'
import { findApp, findTarget, type SlotTarget } from './target.ts'
import { collectVerdict, unattempted } from './verdict.ts'

type RollOut = Extract<ControlInput, { type: 'reload.requested' | 'restart.requested' }>

export async function reload(call: Call<'reload'>): Promise<ResultOf<'reload'>> {
  const { params } = call
  // All is read before the first app moves: a wrong config file leaves everything as it is.
  const { apps, notApplied } = await readAgain(call)
  const requested = apps.map(({ app, settings }): RollOut => {
    const { allowPortChange, supersede } = params
    const canary = params.canary === undefined ? undefined : canaryOf(params.canary, settings?.reload.canary ?? null)
    return { type: 'reload.requested', app, request: requestId('reload'), settings, allowPortChange, supersede, canary }
  })
  const { verdicts } = await inTurn(call, requested)
  const told = verdicts.map((verdict) => {
    const changes = apps.find(({ app }) => app === verdict.app)?.changes
    return changes === undefined || verdict.outcome === 'refused' ? verdict : { ...verdict, changes }
  })
  return { verdicts: told, notApplied }
}

export async function plan(call: Call<'plan'>): Promise<ResultOf<'plan'>> {
  const { port, params } = call
  const { apps, notApplied } = await readAgain(call)
  const { allowPortChange = false, supersede = false, canary } = params
  const plans = apps.map(({ app, settings, changes }) => {
    const configured = settings?.reload.canary ?? null
    const tried = canary === undefined ? configured : canaryOf(canary, configured)
    return { ...port.plan(app, settings, { allowPortChange, supersede, canary: tried }), changes }
  })
  return { plans, notApplied }
}

/** The apps that are meant, with what the config says of them now. One that it does not name any more is left as it is. */
async function readAgain({ port, params }: Pick<Call<'reload'>, 'port' | 'params'>): Promise<{
  readonly apps: readonly (Reapplied & { readonly app: string })[]
  readonly notApplied: readonly SettingChange[]
}> {
  const meant = params.app === undefined ? port.appNames() : [findApp(port, params.app)]
  const { apps, notApplied } = await reread(port, params.env ?? null)
  const found = meant.flatMap((app) => {
    const reapplied = apps.get(app)
    return reapplied === undefined ? [] : [{ app, ...reapplied }]
  })
  if (found.length > 0) return { apps: found, notApplied }
  const gone = meant.map((app) => `"${app}"`).join(', ')
  throw new ResilError(
    'RESIL_CONFIG',
    `the config has no app ${gone} any more: put it back, or end the app with \`resil stop ${meant[0]}\``,
  )
}

export function restart(call: Call<'restart'>): Promise<ResultOf<'restart'>> {
  const { port, params } = call
  const targets = params.target === undefined ? allOf(port) : restartTargets(port, params.target)
  return inTurn(
    call,
    targets.map(({ app, slot }) => ({
      type: 'restart.requested',
      app,
      slot,
      request: requestId('restart'),
      supersede: params.supersede,
    })),
  )
}

/** The supervisor's own name means all of it. An app of the same name wins. */
function restartTargets(port: ControlPort, target: string): readonly SlotTarget[] {
  return target === port.name && !port.appNames().includes(target) ? allOf(port) : [findTarget(port, target)]
}

function allOf(port: ControlPort): readonly SlotTarget[] {
  return port.appNames().map((app) => ({ app, slot: null }))
}

async function reread(port: ControlPort, base: ReloadParams['env'] | null): Promise<Reread> {
  try {
    return await port.reread(base ?? null)
  } catch (error) {
    // The reload was asked for rightly: what is wrong, a vanished entry included, is wrong with the config by now.
    if (error instanceof ResilError && error.code === 'RESIL_USAGE') {
      throw new ResilError('RESIL_CONFIG', error.message, { details: error.details, cause: error })
    }
    if (error instanceof ResilError) throw error
    throw new ResilError('RESIL_CONFIG', `the config can't be read again: ${messageOf(error)}`)
  }
}

/** One after the other. The first that does not arrive ends it: what came later would run beside a release that failed. */
async function inTurn(
  call: Call<'reload'> | Call<'restart'>,
  requested: readonly RollOut[],
): Promise<{ readonly verdicts: readonly ReloadVerdict[] }> {
  const verdicts: ReloadVerdict[] = []
  for (const input of requested) {
    const failed = verdicts.find(({ outcome }) => outcome !== 'finished')
    verdicts.push(
      failed === undefined
        ? await rollOut(call, input)
        : unattempted(input.app, `not attempted, because ${failed.app} did not get through`),
    )
  }
  return { verdicts }
}

function rollOut(call: Call<'reload'> | Call<'restart'>, input: RollOut): Promise<ReloadVerdict> {
  const { port, sink } = call
  const slots = input.type === 'restart.requested' && input.slot !== null ? [input.slot] : port.slotsOf(input.app)
  const verdict = collectVerdict(input.app, input.request, slots)
  // A deploy goes on when its terminal is gone, app after app: whoever asked only stops waiting. It ends by itself.
  return awaitEvent(
    { port },
    (event) => {
      // Whoever scales it meanwhile changes which slots there are.
      if (event.type === 'app.scaled') return event.app === input.app ? verdict.add(event) : undefined
      if (!('request' in event) || event.request !== input.request) return undefined
      sink.emit(event)
      return verdict.add(event)
    },
    () => port.submit(input),
  )
}
