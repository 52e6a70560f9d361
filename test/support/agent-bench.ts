// A cluster with the agent for the tests of one file and one Node: set up, taken down, and proven to leave nothing behind.

import { afterAll, beforeAll } from 'vitest'
import { buildAgent, buildBarePrimary } from './built-agent.ts'
import { ClusterUnderTest, type ForkOptions, type WorkerUnderTest } from './cluster-under-test.ts'
import { assertNoProcessLeft } from './processes.ts'
import { tempDir } from './temp-dir.ts'

export interface StartOptions extends Partial<ForkOptions> {
  /** Of the script; its ending decides what it is. */
  readonly name?: string
  /** Another than the bench's own. */
  readonly cluster?: ClusterUnderTest
}

export interface AgentBench {
  readonly cluster: ClusterUnderTest
  readonly agent: string
  /** Forks `source`, a CommonJS script unless `name` says otherwise, under the agent. */
  start(source: string, options?: StartOptions): Promise<WorkerUnderTest>
  /** Another primary, that may die. */
  anotherCluster(): ClusterUnderTest
}

/** Source text: says that the drain has begun, and blocks the event loop until the file is there. What comes meanwhile waits. */
export const announceAndWaitFor = (file: string): string => `globalThis[Symbol.for('resil.agent')].onDrain(() => {
    console.log('draining')
    const pause = new Int32Array(new SharedArrayBuffer(4))
    while (!require('fs').existsSync(${JSON.stringify(file)})) Atomics.wait(pause, 0, 0, 10)
  });`

/** In a describe block. */
export function agentBench(node: string, primaryEnv: Readonly<Record<string, string>> = {}): AgentBench {
  const clusters: ClusterUnderTest[] = []
  let agent = ''
  let primary = ''
  const anotherCluster = () => {
    const cluster = new ClusterUnderTest(primary, { node, env: primaryEnv })
    clusters.push(cluster)
    return cluster
  }
  beforeAll(async () => {
    agent = await buildAgent()
    primary = await buildBarePrimary()
    anotherCluster()
  })
  afterAll(async () => {
    for (const cluster of clusters) await cluster.close()
    await assertNoProcessLeft()
  })
  const first = () => clusters[0] as ClusterUnderTest
  return {
    get cluster() {
      return first()
    },
    get agent() {
      return agent
    },
    start(source, { name = 'app.cjs', cluster = first(), ...options } = {}) {
      const dir = tempDir({ [name]: source })
      return cluster.fork(`${dir}/${name}`, { agent, args: [`${dir}/socket`], ...options })
    },
    anotherCluster,
  }
}
