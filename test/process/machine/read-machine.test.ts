// Against the kernel that runs the test: whatever the machine is, what we read must fit what it does.

import { availableParallelism, cpus } from 'node:os'
import { expect, test } from 'vitest'
import { readMachine } from '../../../src/process/machine/read-machine.ts'

test('this machine has CPUs, no more than Node sees, and says why', () => {
  const machine = readMachine({})
  expect(machine.cpus.count).toBeGreaterThanOrEqual(1)
  expect(machine.cpus.count).toBeLessThanOrEqual(machine.cpusByAffinity.count)
  expect(machine.cpusByAffinity.count).toBeLessThanOrEqual(cpus().length)
  expect(machine.cpusByAffinity.count).toBeGreaterThanOrEqual(availableParallelism())
  expect(machine.cpus.reason).toMatch(/^\d+ CPUs? by (affinity|cgroup quota \(.+\))$/)
})

test('a memory limit agrees with what Node reads', () => {
  const { limitBytes } = readMachine({}).memory
  const constrained = process.constrainedMemory()
  const unlimited = constrained === 0 || constrained > 2 ** 62
  // Node takes the limit of its own cgroup; ours is the tightest up to the root.
  if (limitBytes !== null && !unlimited) expect(limitBytes).toBeLessThanOrEqual(constrained)
  if (limitBytes === null) expect(unlimited).toBe(true)
})
