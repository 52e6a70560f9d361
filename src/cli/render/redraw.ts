// Shows a text in place of the one before, on a terminal: the cursor goes up and each line is overwritten, so nothing flickers.

import type { TextOutput } from '../context.ts'

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const CLEAR_LINE_END = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
const DEFAULT_ROWS = 24

export interface Redraw {
  show(text: string): void
  /** Leaves the last text where it is. */
  close(): void
}

export function redraw(output: TextOutput): Redraw {
  let shown = 0
  return {
    show: (text) => {
      // What has scrolled out can't be overwritten, so no more than the screen holds.
      const lines = text
        .trimEnd()
        .split('\n')
        .slice(0, (output.rows ?? DEFAULT_ROWS) - 1)
      const up = shown === 0 ? HIDE_CURSOR : `\u001b[${shown}A\r`
      output.write(`${up}${lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('')}${CLEAR_BELOW}`)
      shown = lines.length
    },
    close: () => {
      output.write(SHOW_CURSOR)
    },
  }
}
