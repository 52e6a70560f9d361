// Groups of settings that mean something by being there, and were written without a setting in them: `"liveness": {}`. They would
// be read as if they were not there, and whoever wrote them believes otherwise.

const QUESTIONS = ['http', 'tcp', 'exec', 'ipc']
const TARGETS = ['exec', 'webhook']

/** What one would write in each. */
const MEANINGFUL: readonly (readonly [path: readonly string[], wanted: readonly string[]])[] = [
  ...['startup', 'liveness', 'readiness'].map((name) => [['probes', name], QUESTIONS] as const),
  ...['onCrash', 'onExhausted', 'onIncident', 'onReload'].map((name) => [['hooks', name], TARGETS] as const),
  [
    ['reload', 'canary'],
    ['instances', 'observe', 'maxErrorRate', 'maxLagP99'],
  ],
  [['recycle'], ['maxAge', 'maxRequests']],
]

/** In one app's part of a file, or in what all apps share. */
export function emptyGroups(tree: unknown): { readonly path: readonly string[]; readonly message: string }[] {
  return MEANINGFUL.flatMap(([path, wanted]) => {
    const group = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | null | undefined)?.[step], tree)
    if (typeof group !== 'object' || group === null || Object.keys(group).length > 0) return []
    const names = `${wanted.slice(0, -1).join(', ')} or ${wanted.at(-1)}`
    return [{ path, message: `is empty and would do nothing: write ${names}, or leave it out` }]
  })
}
