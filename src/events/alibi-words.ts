// Why a worker that seems ill is left alone. The core finds it out (supervisor/watchdogs/hang.ts); here are only its words.

export type Alibi = 'stopped' | 'debugger' | 'diagnosis' | 'unreachable' | 'starved'

export function alibiWords(alibi: Alibi): string {
  switch (alibi) {
    case 'stopped':
      return 'it is stopped (SIGSTOP, or a tracer): resil waits for whoever did that'
    case 'debugger':
      return 'a debugger is attached: it may stand at a breakpoint'
    case 'diagnosis':
      return 'it is being diagnosed'
    case 'unreachable':
      return 'it has closed its channel to resil, so nothing is known of its event loop'
    case 'starved':
      return 'it gets hardly any CPU: it has twice the time'
  }
}
