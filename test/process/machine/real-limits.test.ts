// A process that the kernel really limits: by a cgroup where this test may make one (root, with a writable cgroup file system),
// else by pinning it to one CPU.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MachineFacts } from '../../../src/config/machine-facts.ts'
import { bundle } from '../../support/bundle.ts'
import { nodesUnderTest } from '../../support/node-versions.ts'

const run = promisify(execFile)
const NAME = `resil-test-${process.pid}`

interface Limit {
  /** To be joined by writing a pid into cgroup.procs. */
  readonly folders: readonly string[]
  readonly reason: string
}

let limit: Limit | null
let program: string

beforeAll(async () => {
  limit = makeCgroup()
  program = await bundle(`
    import { readMachine } from './src/process/machine/read-machine.ts'
    process.stdout.write(JSON.stringify(readMachine({})))
  `)
})

afterAll(() => {
  for (const folder of limit?.folders ?? []) rmdirSync(folder)
})

/** 1.5 CPUs, in a group below one without a limit: v1, else v2. */
function makeCgroup(): Limit | null {
  const v1 = `/sys/fs/cgroup/cpu/${NAME}`
  if (tryWrite(v1, { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '150000' })) {
    const folders = [`${v1}/inner`, v1]
    mkdirSync(`${v1}/inner`)
    return { folders, reason: 'cpu.cfs_quota_us 150000, cpu.cfs_period_us 100000' }
  }
  const v2 = `/sys/fs/cgroup/${NAME}`
  if (tryWrite(v2, { 'cpu.max': '150000 100000' })) {
    mkdirSync(`${v2}/inner`)
    return { folders: [`${v2}/inner`, v2], reason: 'cpu.max 150000 100000' }
  }
  return null
}

function tryWrite(folder: string, files: Readonly<Record<string, string>>): boolean {
  try {
    mkdirSync(folder)
    for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text)
    return true
  } catch {
    if (existsSync(folder)) rmdirSync(folder)
    return false
  }
}

/** This process may be kept from CPU 0 itself. */
function firstCpu(): string {
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
}

test.each(nodesUnderTest)(
  'Node $version counts one CPU under a quota on its parent of 1.5, or pinned to one',
  async (node) => {
    const [join, reason] =
      limit === null
        ? [`exec taskset -c ${firstCpu()} "$0" "$1"`, '1 CPU by affinity']
        : [
            `echo $$ > ${limit.folders[0]}/cgroup.procs && exec "$0" "$1"`,
            `1 CPU by cgroup quota (${limit.reason}, 1.5 rounded down)`,
          ]
    const { stdout } = await run('sh', ['-c', join, node.path, program])
    const machine: MachineFacts = JSON.parse(stdout)
    // A machine with a single CPU gives no less by affinity than by quota, and both say 1.
    expect(machine.cpus.count).toBe(1)
    expect(machine.cpus.reason).toBe(reason)
  },
)
