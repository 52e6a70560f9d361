// Colours for terminals: whether to use them (https://no-color.org, FORCE_COLOR), and which one a slot has.

const PALETTE = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const

export type Paint = (text: string, code: number) => string

export const paintNothing: Paint = (text) => text
export const paintAnsi: Paint = (text, code) => `\u001b[${code}m${text}\u001b[39m`

export const RED = 31
export const YELLOW = 33
export const GREY = 90

/** FORCE_COLOR wins over NO_COLOR, and both over what the stream is, as in Node itself. */
export function choosePaint(isTty: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = env
  if (force !== undefined) return force === '0' || force === 'false' ? paintNothing : paintAnsi
  if (no !== undefined && no !== '') return paintNothing
  return isTty && term !== 'dumb' ? paintAnsi : paintNothing
}

/** The same app and slot always has the same colour, in every run. */
export function colourOf(app: string, slot: number): number {
  let hash = slot
  for (const char of app) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return PALETTE[(hash + slot) % PALETTE.length] ?? PALETTE[0]
}
