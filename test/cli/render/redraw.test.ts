import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import type { TextOutput } from '../../../src/cli/context.ts'
import { redraw } from '../../../src/cli/render/redraw.ts'

/** As a terminal understands the few codes that are used: returns the rows that are visible in the end. */
function terminal(rows: number) {
  const stream = new PassThrough({ encoding: 'utf8' })
  const screen: string[] = ['']
  let row = 0
  let hidden = false
  stream.on('data', (text: string) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals are told by
    for (const [part, up] of text.matchAll(/\u001b\[(\d+)A\r|\u001b\[K|\u001b\[J|\u001b\[\?25[lh]|\n|[^\u001b\n]+/g)) {
      if (up !== undefined) row -= Number(up)
      else if (part === '\n') {
        row += 1
        screen[row] ??= ''
      } else if (part === '\u001b[J') screen.splice(row, Number.POSITIVE_INFINITY, '')
      else if (part.startsWith('\u001b[?25')) hidden = part.endsWith('l')
      else if (part !== '\u001b[K') screen[row] = part
    }
  })
  const output = Object.assign(stream, { isTTY: true, columns: 80, rows }) as unknown as TextOutput
  return { output, screen: () => screen, hidden: () => hidden }
}

it('puts each text in the place of the one before, however their lengths differ', () => {
  const { output, screen, hidden } = terminal(24)
  const { show, close } = redraw(output)
  show('one\ntwo\nthree\n')
  expect(screen()).toEqual(['one', 'two', 'three', ''])
  show('uno\n')
  expect(screen()).toEqual(['uno', ''])
  show('eins\nzwei\n')
  expect(screen()).toEqual(['eins', 'zwei', ''])
  expect(hidden()).toBe(true)
  close()
  expect(hidden()).toBe(false)
})

it('shows no more lines than the screen can take back', () => {
  const { output, screen } = terminal(4)
  const { show } = redraw(output)
  show('1\n2\n3\n4\n5\n')
  expect(screen()).toEqual(['1', '2', '3', ''])
})
