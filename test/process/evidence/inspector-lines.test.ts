import { describe, expect, it } from 'vitest'
import { createInspectorLines } from '../../../src/process/evidence/inspector-lines.ts'

const URL = 'ws://127.0.0.1:43631/9c7712d8-8161-4d87-98d6-af71aa648c06'
const LISTENING = `Debugger listening on ${URL}`
const HELP = 'For help, see: https://nodejs.org/en/docs/inspector'

function lines() {
  let now = 0
  const urls: string[] = []
  const inspector = createInspectorLines(() => now)
  return {
    inspector,
    urls,
    at: (ms: number) => {
      now = ms
    },
    expect: () => inspector.expect((url) => urls.push(url)),
    sieve: (...said: string[]) => said.map((line) => inspector.sieve(line)),
  }
}

describe("Node's lines about its inspector", () => {
  it('stay where nobody of us asked for it, and tell its port', () => {
    const { inspector, sieve, urls } = lines()
    const said = [LISTENING, HELP, 'Debugger attached.', `Debugger ending on ${URL}`, HELP]
    expect(sieve(...said)).toEqual(said)
    expect(inspector.othersPort).toBe(43631)
    expect(urls).toEqual([])
  })

  it('are taken out where we did, and give the address', () => {
    const each = lines()
    each.expect()
    expect(each.sieve(LISTENING, HELP, 'Debugger attached.', `Debugger ending on ${URL}`, HELP)).toEqual(
      Array(5).fill(null),
    )
    expect(each.urls).toEqual([URL])
    expect(each.inspector.othersPort).toBeNull()
  })

  it("leave the app's own words alone, also in the same line, also while we expect them", () => {
    const each = lines()
    each.expect()
    expect(each.sieve(`50 % done${LISTENING}`, HELP)).toEqual(['50 % done', null])
    const own = ['Debugger listening on port 5', HELP, 'the Debugger attached. Or not', 'For help, see: the wiki']
    expect(each.sieve(...own)).toEqual(own)
  })

  it('are ours a little longer than the inspector: they may still be on their way', () => {
    const each = lines()
    each.expect()
    each.inspector.unexpect(5_000)
    each.at(5_900)
    expect(each.sieve(LISTENING, HELP)).toEqual([null, null])
    each.at(6_100)
    expect(each.sieve(LISTENING, HELP)).toEqual([LISTENING, HELP])
    expect(each.urls).toEqual([])
  })
})
