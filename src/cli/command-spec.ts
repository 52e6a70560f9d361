// A command as data: what it is called, takes and does. From it come commander's help and errors, the quick way past commander
// that light commands take, and the reference page.

import type { CliContext } from './context.ts'
import type { TypedLine } from './typed-line.ts'

export interface OptionSpec {
  /** As help shows it: `-n, --lines <count>`. With `<…>` it takes a value. */
  readonly flags: string
  readonly summary: string
  /** Not in help: known, so that it can be refused with a reason, or resil's own. */
  readonly hidden?: boolean
}

/** A command line as typed, and what it does. */
export type Example = readonly [line: string, meaning: string]

export interface CommandSpec<Options> {
  readonly name: string
  readonly summary: string
  /** Where `name [argument] [options]` would not say it. */
  readonly usage?: string
  readonly argument: { readonly name: string; readonly required: boolean; readonly summary: string }
  readonly options: readonly OptionSpec[]
  /** A line below the options. */
  readonly note?: string
  readonly examples: readonly Example[]
  /** What stands beside `error` where it was asked with --json and failed. */
  readonly jsonWhenFailed?: object
  /** Resolves with the exit code. `options` by their long names in camelCase. */
  readonly run: (
    argument: string | undefined,
    options: Options,
    context: CliContext,
    line: TypedLine,
  ) => Promise<number>
}

/** For tables of commands: whoever runs one has parsed its options by its own spec. */
// biome-ignore lint/suspicious/noExplicitAny: the options of each are its own
export type AnyCommandSpec = CommandSpec<any>

export interface OptionNames {
  /** `lines`, `envFile` */
  readonly key: string
  readonly long: string
  readonly short: string | undefined
  readonly takesValue: boolean
}

export function namesOf({ flags }: OptionSpec): OptionNames {
  const long = /--[a-z-]+/.exec(flags)?.[0] ?? ''
  return {
    key: long.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    long,
    short: /^-[a-zA-Z](?=,)/.exec(flags)?.[0],
    takesValue: flags.includes('<'),
  }
}
