// Ten workers drained one after the other under load, most of it on kept connections, each replaced before: no request is lost.

import { Agent, get } from 'node:http'
import { describe, expect, it } from 'vitest'
import { agentBench } from '../support/agent-bench.ts'
import { nodesUnderTest } from '../support/node-versions.ts'
import { freePort } from '../support/service.ts'

const CLIENTS = 20
const DRAINS = 10

/** Knows nothing of drains. Some answers take a while. */
const source = `let n = 0
  require('http').createServer((req, res) => setTimeout(() => res.end('answer'), n++ % 5 === 0 ? 20 : 0)).listen(+process.argv[2])`

function request(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = get({ port, host: '127.0.0.1', agent, timeout: 30_000 }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(body))
      response.on('error', (error) => resolve(error.message))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')))
    sent.on('error', (error) => resolve(error.message))
  })
}

const policies = [
  ['round robin', {}],
  ['the kernel', { NODE_CLUSTER_SCHED_POLICY: 'none' }],
] as const

describe.each(
  nodesUnderTest.flatMap(({ path, version }) => policies.map((policy) => [version, ...policy, path] as const)),
)('on Node %s, connections given out by %s', (_version, _policy, env, path) => {
  const { start } = agentBench(path, env)

  it(`${DRAINS} drains with ${CLIENTS} busy clients lose nothing`, async () => {
    // Not 0: the workers come and go, and it would be a new port each time.
    const port = await freePort()
    let worker = await start(source, { args: [String(port)] })
    await worker.listening()
    let busy = true
    const lost: string[] = []
    let answered = 0
    const clients = Array.from({ length: CLIENTS }, async (_, i) => {
      const agent = new Agent({ keepAlive: i % 4 !== 3, maxSockets: 1 })
      while (busy) {
        const answer = await request(port, agent)
        if (answer === 'answer') answered += 1
        else lost.push(answer)
        // Some are idle most of the time, and some never.
        if (i % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 10 * i))
      }
      agent.destroy()
    })
    for (let i = 0; i < DRAINS; i++) {
      const before = answered
      await expect.poll(() => answered - before).toBeGreaterThan(50)
      const next = await start(source, { args: [String(port)] })
      await next.listening()
      worker.drain({ deadlineMs: 20_000, idleWaitMs: 5_000 })
      expect(await worker.exit()).toMatchObject({ code: 0, signal: null })
      worker = next
    }
    busy = false
    await Promise.all(clients)
    expect(lost).toEqual([])
    await worker.end()
  })
})
