import { expect, test } from 'vitest'
import { dependencyProblems } from '../../../src/config/problems/dependencies.ts'

const apps = (edges: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(edges).map(([name, dependsOn]) => ({ name, dependsOn }))

test('a tree of dependencies is right', () => {
  expect(dependencyProblems(apps({ web: ['api', 'auth'], api: ['db'], auth: ['db'], db: [] }))).toEqual([])
})

test('an unknown name is refused with the names there are', () => {
  expect(dependencyProblems(apps({ web: ['apj'], api: [] }))).toEqual([
    { app: 0, message: '"apj" is no app here (apps are api); did you mean "api"?' },
  ])
  expect(dependencyProblems(apps({ web: ['db'] }))).toEqual([
    { app: 0, message: '"db" is no app here (there is no other app)' },
  ])
})

test('an app that depends on itself is refused', () => {
  expect(dependencyProblems(apps({ web: ['web'] }))).toEqual([{ app: 0, message: '"web" depends on itself' }])
})

test('a circle is named once, along its way, and not after an app that only leads to it', () => {
  expect(dependencyProblems(apps({ outside: ['a'], a: ['b'], b: ['c'], c: ['a'] }))).toEqual([
    { app: 1, message: 'a circle: a → b → c → a' },
  ])
})
