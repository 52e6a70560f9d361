// The line as typed, made fit for commander: cut where the app's own arguments begin (`resil start app.js -w 4 -- --port 80`),
// `help x` for `x --help`, and a number below zero that is no option (`resil scale -1`).

export interface TypedLine {
  /** For resil: the command, and what follows up to the `--`. */
  readonly own: readonly string[]
  /** For the app. */
  readonly app: readonly string[]
}

export function readLine(argv: readonly string[]): TypedLine {
  const [command, ...rest] = argv
  switch (command) {
    case undefined:
      return forResil(['--help'])
    case 'help':
      return forResil([...rest.slice(0, 1), '--help'])
    case 'start': {
      // Only `start` has an app to give arguments to. commander alone could not tell `start -- x` from `start x`.
      const at = argv.indexOf('--')
      return at === -1 ? forResil(argv) : { own: argv.slice(0, at), app: argv.slice(at + 1) }
    }
    case 'scale': {
      const change = rest.filter((word) => /^-\d+$/.test(word))
      return forResil(change.length === 0 ? argv : [...argv.filter((word) => !change.includes(word)), '--', ...change])
    }
    default:
      return forResil(argv)
  }
}

function forResil(own: readonly string[]): TypedLine {
  return { own, app: [] }
}
