// Which Nodes the matrix tests run their workers on: RESIL_TEST_NODES (paths, separated by commas), else the one that runs now.

import { execFileSync } from 'node:child_process'

export interface NodeUnderTest {
  readonly path: string
  /** Without the v, such as 22.18.0. */
  readonly version: string
  readonly major: number
  readonly minor: number
  /** Runs .ts entries without a loader. */
  readonly stripsTypes: boolean
}

const listed = (process.env.RESIL_TEST_NODES ?? '')
  .split(',')
  .map((path) => path.trim())
  .filter(Boolean)

export const nodesUnderTest: readonly NodeUnderTest[] = (listed.length > 0 ? listed : [process.execPath]).map(
  (path) => {
    const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
    const [major = 0, minor = 0] = version.split('.').map(Number)
    return { path, version, major, minor, stripsTypes: major > 22 || (major === 22 && minor >= 18) }
  },
)

/**
 * For what leans on Node's internals no more than any program does: the oldest and the newest stand for those between. All of them
 * with RESIL_TEST_EVERYWHERE=1 (npm run test:everywhere).
 */
export const edgeNodes: readonly NodeUnderTest[] =
  process.env.RESIL_TEST_EVERYWHERE === undefined
    ? nodesUnderTest.filter((_, index) => index === 0 || index === nodesUnderTest.length - 1)
    : nodesUnderTest
