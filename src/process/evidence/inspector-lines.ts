// What Node writes to stderr about its inspector: that it listens or ends (each with a hint where to get help), that somebody came.
// Lines that answer our own request are taken out of the worker's log, and the
// address in them is what we came for; lines that somebody else caused stay, and tell at which port an inspector listens.
// Node: src/inspector_socket_server.cc, src/inspector_agent.cc.

const LISTENING = /^(.*?)Debugger listening on (ws:\/\/\S+:(\d+)\/[0-9a-f-]{36})$/
const HELP = /^(.*?)For help, see: https:\/\/nodejs\.org\/\S+$/
const ENDING = /^(.*?)Debugger ending on ws:\/\/\S+$/
const NOTICE = /^(.*?)(?:Debugger attached\.|Waiting for the debugger to disconnect\.\.\.)$/

export interface InspectorLines {
  /** What the log gets of a line of stderr; null: nothing, it was ours alone. */
  sieve(line: string): string | null
  /** From now on an inspector that listens does so for us. */
  expect(onListening: (url: string) => void): void
  /** Ours is closed. What it said may still be on its way. */
  unexpect(now: number): void
  /** Where an inspector listens that we did not ask for. */
  readonly othersPort: number | null
}

/** Pipe and IPC channel are two ways: the word that it is closed may overtake what was written before. */
const ON_THE_WAY_MS = 1_000

export function createInspectorLines(now: () => number): InspectorLines {
  let onListening: (url: string) => void = () => {}
  let ours = false
  let expectedUntil = Number.NEGATIVE_INFINITY
  let helpDue = 0
  let othersPort: number | null = null

  return {
    sieve(line) {
      // Nearly every line: one look at a character or two.
      if (!line.includes('ebugger') && !line.includes('For help, see: ')) return line
      const expecting = ours || now() < expectedUntil
      const listening = LISTENING.exec(line)
      if (listening !== null) {
        if (!expecting) {
          othersPort = Number(listening[3])
          return line
        }
        helpDue += 1
        onListening(listening[2] ?? '')
        return remainder(listening[1])
      }
      const help = HELP.exec(line)
      if (help !== null && helpDue > 0) {
        helpDue -= 1
        return remainder(help[1])
      }
      if (!expecting) return line
      const ending = ENDING.exec(line)
      if (ending !== null) helpDue += 1
      const notice = ending ?? NOTICE.exec(line)
      return notice === null ? line : remainder(notice[1])
    },
    expect(listener) {
      ours = true
      onListening = listener
    },
    unexpect(at) {
      ours = false
      expectedUntil = at + ON_THE_WAY_MS
      onListening = () => {}
    },
    get othersPort() {
      return othersPort
    },
  }
}

/** The app's own unfinished line may stand before Node's. */
function remainder(before: string | undefined): string | null {
  return before === undefined || before === '' ? null : before
}
