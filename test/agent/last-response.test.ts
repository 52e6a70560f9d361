import { describe, expect, it } from 'vitest'
import { closing } from '../../src/agent/last-response.ts'

describe('headers that say keep-alive say close instead', () => {
  it.each([
    [{ Connection: 'keep-alive' }, { Connection: 'close' }],
    [
      { connection: 'Keep-Alive', 'content-type': 'text/plain' },
      { connection: 'close', 'content-type': 'text/plain' },
    ],
    [
      { Connection: 'Upgrade', 'keep-alive': 'timeout=5' },
      { Connection: 'Upgrade', 'keep-alive': 'timeout=5' },
    ],
    [{ 'set-cookie': ['a', 'b'] }, { 'set-cookie': ['a', 'b'] }],
    [
      ['Connection', 'keep-alive', 'X-Text', 'keep-alive'],
      ['Connection', 'close', 'X-Text', 'keep-alive'],
    ],
    [
      ['X-Name', 'connection', 'keep-alive', 'yes'],
      ['X-Name', 'connection', 'keep-alive', 'yes'],
    ],
    [[], []],
    [{}, {}],
  ])('%j → %j', (headers, expected) => {
    expect(closing(headers)).toEqual(expected)
  })

  it('in pairs as well', () => {
    const pairs = [
      ['Connection', 'keep-alive'],
      ['X-Text', 'keep-alive'],
    ] as never
    expect(closing(pairs)).toEqual([
      ['Connection', 'close'],
      ['X-Text', 'keep-alive'],
    ])
  })
})
