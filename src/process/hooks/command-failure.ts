// What went wrong with a hook's command, as a clause.

import { duration } from '../../events/words.ts'
import type { CommandEnd } from '../run-command.ts'

/** null: it went well. */
export function commandFailure(end: CommandEnd, timeoutMs: number): string | null {
  switch (end.how) {
    case 'not-started':
      return `could not be started (${end.code})`
    case 'late':
      return `took longer than ${duration(timeoutMs)} and was killed`
    case 'exited': {
      if (end.code === 0) return null
      const last = end.stderr.trimEnd().split('\n').at(-1)?.trim() ?? ''
      const how = end.signal === null ? `exited with code ${end.code}` : `was killed by ${end.signal}`
      return last === '' ? how : `${how}: ${last}`
    }
  }
}
