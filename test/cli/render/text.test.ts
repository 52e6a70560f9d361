import { describe, expect, it } from 'vitest'
import { columns, flow, wrap } from '../../../src/cli/render/text.ts'
import { fc } from '../../support/property.ts'

describe('columns', () => {
  it('are as wide as their widest cell', () => {
    const rows = [
      [{ text: 'SLOT' }, { text: 'PID' }, { text: 'STATE' }],
      [{ text: '0' }, { text: '41210' }, { text: 'ready' }],
    ]
    expect(columns(rows, ['right', 'left', 'left'])).toEqual(['SLOT  PID    STATE', '   0  41210  ready'])
  })

  it('do not count what colours a cell', () => {
    const paint = (text: string): string => `<${text}>`
    const rows = [
      [
        { text: 'a', paint },
        { text: 'b', paint },
      ],
      [{ text: 'long' }, { text: 'c' }],
    ]
    expect(columns(rows, ['left', 'left'])).toEqual(['<a>     <b>', 'long  c'])
    expect(columns(rows, ['right', 'left'])).toEqual(['   <a>  <b>', 'long  c'])
  })

  it('of nothing are nothing', () => {
    expect(columns([], ['left'])).toEqual([])
  })
})

describe('wrapped text', () => {
  it('breaks at spaces, within the width', () => {
    expect(wrap('one two three four', 12, '  ')).toEqual(['  one two', '  three four'])
  })

  it('loses no word, and exceeds the width by none that would have fitted', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/)
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 5, max: 40 }), (words, width) => {
        const lines = wrap(words.join(' '), width, '  ')
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words)
        for (const line of lines) if (line.length > width) expect(line.trim()).not.toContain(' ')
      }),
    )
  })
})

describe('parts of a line', () => {
  it('stay on one where there is room', () => {
    expect(flow(['web (pid 4100)', 'up 2h', 'Node v20'], 40, '  ')).toEqual(['web (pid 4100), up 2h, Node v20'])
  })

  it('break between each other only, with the comma before', () => {
    expect(flow(['web (pid 4100)', 'up 2h', 'Node v20'], 20, '  ')).toEqual(['web (pid 4100),', '  up 2h, Node v20'])
  })

  it('take no room for their colours', () => {
    const green = '\u001b[32mrunning\u001b[0m'
    expect(flow([`web: ${green}`, '2 ready'], 22, '  ')).toEqual([`web: ${green}, 2 ready`])
  })
})
