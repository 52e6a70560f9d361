// How soon sick workers are found and replaced, and what their clients notice of it:
//   npm run bench:watchdogs             all, 3 minutes        -- --quick    few rounds        -- --only hang,leak,four
// Each round is a supervisor of its own, so that no round pays for the crashes before it. What counts begins with the app's own
// stamp of the moment at which it fell ill, and ends with resil's events and with answers. Tests can't hold these times against a
// wall clock on a shared machine; this is where they are measured.
import { measureFigures } from './support/figures.js'
import { fourLeaks } from './watchdogs/four-leaks.js'
import { hang } from './watchdogs/hang.js'
import { leak } from './watchdogs/leak.js'

await measureFigures('watchdogs', { hang, leak, four: fourLeaks })
