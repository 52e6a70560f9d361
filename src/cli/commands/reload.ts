// `resil reload` and `resil restart`: ask, show each slot as it comes, end with a verdict per worker. Or only show the plan.

import type { FoundSupervisor } from '../../control/find.ts'
import { ResilError } from '../../errors.ts'
import { describe } from '../../events/describe.ts'
import type { PublishedEvent } from '../../events/events.ts'
import { EXIT } from '../../exit-codes.ts'
import type { ReloadParams, ReloadVerdict } from '../../protocol/control.ts'
import type { SettingChange } from '../../protocol/reload-plan.ts'
import type { CommandSpec, OptionSpec } from '../command-spec.ts'
import type { CliContext } from '../context.ts'
import { leave } from '../interrupt.ts'
import { countOf, durationOf, type SocketOption, socketOption } from '../options.ts'
import { renderNotApplied, renderPlan } from '../render/plan.ts'
import { type RollOutVerb, renderSummary, renderVerdict } from '../render/verdict.ts'
import { shellEnv } from '../shell-env.ts'
import { appOf, withSupervisor } from '../with-supervisor.ts'

interface RollOutOptions extends SocketOption {
  readonly dryRun?: boolean
  readonly allowPortChange?: boolean
  readonly updateEnv?: boolean
  readonly canary?: string
  readonly supersede?: boolean
  readonly json?: boolean
  readonly timeout?: string
}

/** What is shown as it happens. What ends a rollout is in its verdict. */
const ON_THE_WAY: readonly PublishedEvent['type'][] = [
  'reload.started',
  'reload.slotReplaced',
  'reload.canaryStarted',
  'reload.canaryPassed',
]

const OPTIONS: readonly OptionSpec[] = [
  { flags: '--supersede', summary: 'take the place of a reload or restart that is under way' },
  {
    flags: '--timeout <duration>',
    summary: 'how long to wait for the end, such as 2m (default: as long as it takes)',
  },
  { flags: '--json', summary: 'print the verdicts as JSON' },
  socketOption,
]

export const reloadCommand: CommandSpec<RollOutOptions> = {
  name: 'reload',
  summary: 'replace the workers without a gap: new before old, one after the other; a failure is rolled back',
  argument: { name: 'app', required: false, summary: 'one app; all of them where it is left out' },
  options: [
    { flags: '--dry-run', summary: 'show the plan, and what the config and its env change; do nothing' },
    {
      flags: '--canary <count>',
      summary: 'so many workers try the new release first (see reload.canary); 0: none do, whatever the config says',
    },
    {
      flags: '--update-env',
      summary: "the new workers get this shell's environment instead of the one that resil was started in",
    },
    {
      flags: '--allow-port-change',
      summary: 'the new workers need not listen on every port that the old ones do',
    },
    ...OPTIONS,
  ],
  examples: [
    ['resil reload', 'all apps of this folder, after a deploy or a change of the config'],
    ['resil reload web --timeout 2m', 'wait two minutes at most; the reload itself goes on'],
    ['resil reload web --json', 'the verdict as JSON; exit code 75 where it failed'],
    ['resil reload web --canary 1', 'one worker first; the others follow when it does as well as they do'],
    ['resil reload --dry-run', 'what would be done, and what has changed in the config'],
  ],
  run: (app, options, context) => {
    const { allowPortChange, supersede } = options
    const env = options.updateEnv ? shellEnv(context.env) : undefined
    const canary = options.canary === undefined ? undefined : countOf('--canary', options.canary)
    const params = (found: FoundSupervisor): ReloadParams => ({
      app: appOf(found, app),
      allowPortChange,
      supersede,
      env,
      canary,
    })
    if (options.dryRun) return showPlan(app, options, context, params)
    return rollOut('reload', app, options, context, (found, request) =>
      found.client.request('reload', params(found), request),
    )
  },
}

async function showPlan(
  target: string | undefined,
  { json = false, socket }: RollOutOptions,
  context: CliContext,
  params: (found: FoundSupervisor) => ReloadParams,
): Promise<number> {
  return withSupervisor(context, { socket, target }, async (found) => {
    const result = await found.client.request('plan', params(found))
    const text = [...result.plans.map(renderPlan), renderNotApplied(result.notApplied)].join('')
    context.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : text)
    return EXIT.ok
  })
}

export const restartCommand: CommandSpec<RollOutOptions> = {
  name: 'restart',
  summary: "stop and start workers one after the other, for apps that can't run twice",
  argument: {
    name: 'target',
    required: false,
    summary: 'an app, or one slot of it: web, web:2; everything where it is left out',
  },
  options: OPTIONS,
  examples: [
    ['resil restart web', 'each worker of web in turn'],
    ['resil restart web:2', 'the worker of slot 2 only'],
  ],
  run: (target, options, context) =>
    rollOut('restart', target, options, context, (found, request) =>
      found.client.request('restart', { target, supersede: options.supersede }, request),
    ),
}

interface RollOutRequest {
  readonly onItem: (event: PublishedEvent) => void
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

interface RollOutResult {
  readonly verdicts: readonly ReloadVerdict[]
  /** Of a reload only. */
  readonly notApplied?: readonly SettingChange[]
}

async function rollOut(
  verb: RollOutVerb,
  target: string | undefined,
  { json = false, timeout, socket }: RollOutOptions,
  context: CliContext,
  ask: (found: FoundSupervisor, request: RollOutRequest) => Promise<RollOutResult>,
): Promise<number> {
  const timeoutMs = timeout === undefined ? undefined : durationOf('--timeout', timeout)
  const showProgress = !json && context.stderr.isTTY === true
  const interrupted = context.interrupted()
  return withSupervisor(context, { socket, target }, async (found) => {
    // Slots that have been shown as they came are not told again.
    const render = (verdict: ReloadVerdict): string =>
      showProgress && verdict.outcome === 'finished' ? renderSummary(verdict, verb) : renderVerdict(verdict, verb)
    const onItem = (event: PublishedEvent): void => {
      const onTheWay = ON_THE_WAY.includes(event.type)
      if (showProgress && onTheWay) context.stderr.write(`${describe(event)}\n`)
    }
    try {
      const result = await ask(found, {
        onItem,
        signal: interrupted,
        ...(timeoutMs !== undefined && { timeoutMs }),
      })
      const { verdicts, notApplied = [] } = result
      const tried = verdicts.some(({ outcome }) => outcome !== 'refused')
      const text = [...verdicts.map(render), tried ? renderNotApplied(notApplied) : ''].join('')
      context.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : text)
      return verdicts.every(({ outcome }) => outcome === 'finished') ? EXIT.ok : EXIT.reloadFailed
    } catch (error) {
      const goesOn = 'it goes on; `resil status` shows how far it is'
      if (interrupted.aborted) return leave(context, `no longer waiting for the ${verb}: ${goesOn}`)
      if (!(error instanceof ResilError) || error.code !== 'RESIL_TIMEOUT') throw error
      throw new ResilError('RESIL_TIMEOUT', `the ${verb} has not ended within ${timeout}: ${goesOn}`)
    }
  })
}
