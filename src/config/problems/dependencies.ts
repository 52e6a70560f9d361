// Whether apps may depend on each other as they say: every name known, and no circle.

import { didYouMean } from '../suggest.ts'

interface Dependent {
  readonly name: string
  readonly dependsOn: readonly string[]
}

/** `app`: the position of the app that is wrong. A circle is told once, at its first app. */
export function dependencyProblems(apps: readonly Dependent[]): { readonly app: number; readonly message: string }[] {
  const names = apps.map(({ name }) => name)
  const unknown = apps.flatMap(({ name, dependsOn }, app) =>
    dependsOn
      .filter((dependency) => !names.includes(dependency))
      .map((dependency) => {
        const others = names.filter((other) => other !== name)
        const known = others.length === 0 ? 'there is no other app' : `apps are ${others.join(', ')}`
        return { app, message: `"${dependency}" is no app here (${known})${didYouMean(dependency, others)}` }
      }),
  )
  const inCircle = new Set<string>()
  const circles = apps.flatMap(({ name }, app) => {
    if (inCircle.has(name)) return []
    const circle = circleFrom(name, apps)
    if (circle === undefined) return []
    for (const member of circle) inCircle.add(member)
    const path = [...circle, name].join(' → ')
    return [{ app, message: circle.length === 1 ? `"${name}" depends on itself` : `a circle: ${path}` }]
  })
  return [...unknown, ...circles]
}

/** The shortest way from an app back to itself, without the return. */
function circleFrom(start: string, apps: readonly Dependent[]): readonly string[] | undefined {
  // Of two apps by one name (told elsewhere) the first counts.
  const edges = new Map([...apps].reverse().map(({ name, dependsOn }) => [name, dependsOn]))
  const seen = new Set<string>()
  let paths: (readonly string[])[] = [[start]]
  while (paths.length > 0) {
    const longer: (readonly string[])[] = []
    for (const path of paths) {
      for (const next of edges.get(path.at(-1) ?? '') ?? []) {
        if (next === start) return path
        if (seen.has(next)) continue
        seen.add(next)
        longer.push([...path, next])
      }
    }
    paths = longer
  }
  return undefined
}
