// The app can't tell that it is supervised, unless it asks: all that it can see is the same in a bare cluster worker.

import { describe, expect, it } from 'vitest'
import { agentBench } from '../support/agent-bench.ts'
import { fixture } from '../support/cluster-under-test.ts'
import { nodesUnderTest } from '../support/node-versions.ts'

interface Seen extends Record<string, unknown> {
  readonly active: readonly string[]
  readonly handles: number
}

/** Of process.moduleLoadList: what the agent uses that an http service on that Node does not load anyway. */
const KNOWN_BUILTINS =
  /^(Internal Binding (os|signal_wrap)|NativeModule (os|perf_hooks|internal\/(histogram|promise_hooks|perf\/\w+)))$/

/** What remains to be seen, by who looks for it. Nothing else may. */
function withoutKnownTraces(seen: Seen, supervised: boolean): Seen {
  const rest = structuredClone(seen)
  const { netServer, global, workerListeners } = rest as Record<string, Record<string, unknown> | undefined>
  // The one door that all events of servers pass; APM libraries do the same.
  delete netServer?.emit
  // Where resil/worker finds the agent.
  delete global?.['Symbol(resil.agent)']
  // So that waiting for messages on cluster.worker keeps the process alive.
  delete rest.builtins
  delete workerListeners?.newListener
  delete workerListeners?.removeListener
  // Only until the entry is evaluated; and for as long as requests are counted. Being listened to changes nothing of a channel.
  const watched = (rest.watched as string[]).filter((name) => !/^tracing:module|^http\.server\./.test(name))
  // The IPC channel does not keep the process alive any more, as there is none under plain node.
  const { active, handles } = rest
  const channel = active.indexOf('PipeWrap')
  if (supervised) return { ...rest, watched }
  expect(channel).not.toBe(-1)
  return { ...rest, watched, active: active.toSpliced(channel, 1), handles: handles - 1 }
}

describe.each(nodesUnderTest)('on Node $version', ({ path, stripsTypes }) => {
  const bench = agentBench(path)

  async function seenBy(
    entry: string,
    agent: string | null,
    words: readonly string[],
    execArgv: readonly string[] = [],
  ): Promise<Record<string, Seen>> {
    const worker = await bench.cluster.fork(fixture(`self-report/${entry}`), {
      agent,
      args: ['--flag', 'value'],
      execArgv: [...execArgv, '--stack-trace-limit=20'],
      env: { OF_THE_APP: 'yes' },
    })
    const reports: Record<string, Seen> = {}
    for (const word of words) {
      const line = await worker.line(new RegExp(`^${word} `))
      reports[word] = JSON.parse(line.slice(word.length + 1))
    }
    await worker.end()
    const unique = reports.load?.env as { NODE_UNIQUE_ID?: string } | undefined
    expect(unique).not.toHaveProperty('NODE_UNIQUE_ID')
    return reports
  }

  const entries = [
    ['CommonJS', 'entry.cjs', ['load', 'listening', 'later', 'inner', 'thread'], []],
    ['an ES module', 'entry.mjs', ['load'], []],
    ...(stripsTypes ? ([['TypeScript', 'entry.ts', ['load'], []]] as const) : []),
    ['TypeScript under tsx', 'entry.ts', ['load'], ['--import', import.meta.resolve('tsx')]],
  ] as const

  it.each(entries)('%s sees what it sees without the agent', async (_kind, entry, words, execArgv) => {
    const [bare, supervised] = await Promise.all([
      seenBy(entry, null, words, execArgv),
      seenBy(entry, bench.agent, words, execArgv),
    ])
    for (const word of ['load', 'listening', 'later'].filter((each) => words.includes(each as 'load'))) {
      // tsx reads files and connects to a socket of its own meanwhile: how far it is at this moment is chance.
      const ofTsx = execArgv.length > 0 ? { active: [], handles: 0 } : {}
      const expected = { ...withoutKnownTraces(bare[word] as Seen, false), ...ofTsx }
      expect({ ...withoutKnownTraces(supervised[word] as Seen, true), ...ofTsx }, word).toEqual(expected)
    }
    for (const word of ['inner', 'thread']) expect(supervised[word], word).toEqual(bare[word])
  })

  it('of Node’s own modules a few more are loaded', async () => {
    const builtins = async (agent: string | null) => {
      const { later } = await seenBy('entry.cjs', agent, ['load', 'listening', 'later'])
      return new Set(later?.builtins as string[])
    }
    const [bare, supervised] = await Promise.all([builtins(null), builtins(bench.agent)])
    const more = [...supervised].filter((name) => !bare.has(name))
    expect(more.filter((name) => !KNOWN_BUILTINS.test(name))).toEqual([])
    expect([...bare].filter((name) => !supervised.has(name))).toEqual([])
  })

  it('is the main module, with its own arguments, of whatever kind', async () => {
    const { load } = await seenBy('entry.cjs', bench.agent, ['load'])
    expect(load).toMatchObject({ main: true, id: '.', execArgv: ['--stack-trace-limit=20'], preloads: [] })
    expect(load?.argv).toEqual([expect.any(String), fixture('self-report/entry.cjs'), '--flag', 'value'])
  })
})
