// A worker is started on the real file of its release, since a link such as current → releases/42 may point elsewhere by then.
// Under plain node process.argv[1] is the name that was typed, links and all: so it is here.

/** Before the app runs. Node has kept the real path for itself by now. */
export function showEntryAs(named: string): void {
  process.argv[1] = named
}
