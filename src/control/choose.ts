// Pure: which of the running supervisors a command means, or why that can't be told.

import { sep } from 'node:path'
import { ResilError } from '../errors.ts'
import type { ResultOf } from '../protocol/control.ts'

export type SupervisorInfo = ResultOf<'ping'>

export interface Candidate {
  readonly path: string
  readonly info: SupervisorInfo
}

export type Choice<S extends Candidate> =
  | { readonly ok: true; readonly chosen: S }
  | { readonly ok: false; readonly error: ResilError }

/** Those that have what is asked for; of these, the ones of this folder. All of them where that leaves none. */
export function candidatesFor<S extends Candidate>(
  among: readonly S[],
  { target, cwd }: { readonly target: string | undefined; readonly cwd: string },
): readonly S[] {
  const having = target === undefined ? [] : among.filter(({ info }) => has(info, target))
  const candidates = having.length > 0 ? having : among
  const here = innermost(candidates, cwd)
  return here.length > 0 ? here : candidates
}

/** `running` has at least one. `target`: an app, app:slot, or a supervisor's name. Folders are real paths. */
export function choose<S extends Candidate>(
  running: readonly S[],
  { target, cwd }: { readonly target: string | undefined; readonly cwd: string },
): Choice<S> {
  const having = target === undefined ? [] : running.filter(({ info }) => has(info, target))
  // Where nobody has what was asked for, the one of this folder shall say so, with a list of what it has.
  const candidates = having.length > 0 ? having : running
  const here = innermost(candidates, cwd)
  const [first, second] = here.length > 0 ? here : candidates
  if (first !== undefined && second === undefined) return { ok: true, chosen: first }
  return {
    ok: false,
    error: ambiguous(here.length > 0 ? here : candidates, having.length > 0 ? target : undefined, here.length > 0),
  }
}

function has({ name, apps }: SupervisorInfo, target: string): boolean {
  return name === target || apps.includes(target) || apps.includes(target.replace(/:\d+$/, ''))
}

/** Those whose folder is this one or holds it; of several such folders the one nearest to here. */
function innermost<S extends Candidate>(candidates: readonly S[], cwd: string): S[] {
  const holding = candidates.filter(({ info: { dir } }) => cwd === dir || cwd.startsWith(dir === sep ? sep : dir + sep))
  const longest = Math.max(...holding.map(({ info: { dir } }) => dir.length))
  return holding.filter(({ info: { dir } }) => dir.length === longest)
}

function ambiguous(among: readonly Candidate[], target: string | undefined, here: boolean): ResilError {
  const who = `${among.length} supervisors`
  const where = here ? ' of this folder' : ''
  const message =
    target !== undefined
      ? `${who}${where} have ${target}: name one with --socket${here ? '' : ', or change to its folder'}`
      : here
        ? `this folder has ${who}: name the app, or one of them with --socket`
        : `${who} are running, none of them here: change to its folder, name the app, or use --socket`
  const details = among.map(({ path, info }) => `  ${info.name} (pid ${info.pid}) of ${info.dir}: --socket ${path}`)
  return new ResilError('RESIL_AMBIGUOUS', message, { details })
}
