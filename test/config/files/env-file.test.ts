import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readEnvFiles } from '../../../src/config/files/env-file.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('comments, quotes, export and several lines in quotes are read', () => {
  const dir = tempDir({
    '.env': [
      '# a comment',
      'PLAIN=1',
      'export EXPORTED=two # and why',
      'QUOTED="a # b"',
      "SINGLE='no \\n here'",
      'LINES="first',
      'second"',
      'EMPTY=',
      'EQUALS=a=b',
    ].join('\n'),
  })
  expect(readEnvFiles(['.env'], dir)).toEqual({
    ok: true,
    env: {
      PLAIN: '1',
      EXPORTED: 'two',
      QUOTED: 'a # b',
      SINGLE: 'no \\n here',
      LINES: 'first\nsecond',
      EMPTY: '',
      EQUALS: 'a=b',
    },
  })
})

test('a later file wins, and a byte-order mark is no part of the first name', () => {
  const dir = tempDir({ a: '\uFEFFA=1\nB=1', b: 'B=2' })
  expect(readEnvFiles(['a', join(dir, 'b')], '/')).toEqual({
    ok: false,
    problems: ['"a": no file a in /'],
  })
  expect(readEnvFiles(['a', join(dir, 'b')], dir)).toEqual({ ok: true, env: { A: '1', B: '2' } })
})

test('each file that can not be read is named', () => {
  const dir = tempDir({ 'folder/x': '' })
  expect(readEnvFiles(['missing.env', 'folder'], dir)).toEqual({
    ok: false,
    problems: [
      `"missing.env": no file missing.env in ${dir}`,
      '"folder": is a folder; name a file of NAME=value lines',
    ],
  })
})
