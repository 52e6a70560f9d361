// While an app has never been ready, its workers tend to die of the same error, each with the same stack. Holds back what
// booting workers write to stderr until it is known how the boot ended, and lets each different error through once.
// Only a failed boot's repetition is left out, and counted; nothing else is ever lost, nor held for more than two seconds.

import type { Clock, Timer } from '../../clock.ts'
import type { LogLine } from '../../protocol/control.ts'
import { fingerprint } from './same-error.ts'

const MAX_HELD_MS = 2000
const MAX_HELD_CHARS = 64 * 1024
/** An app with more different errors than this shows them as they come. */
const MAX_REMEMBERED = 16

export interface BootOutput {
  /** A worker was forked: until the app is ready, its stderr is held. */
  booting(worker: number, app: string): void
  /** Every line that the worker writes; passes on at once what is not held. */
  line(worker: number, line: LogLine): void
  /** The app has a ready worker: from now on nothing of it is held. */
  ready(app: string): void
  /** The worker has ended and everything that it wrote has come. */
  ended(worker: number, failed: boolean): void
  /** In how many boots an error that had been shown came again. */
  repetitions(app: string): number
  /** Lets go of everything held. */
  release(): void
}

interface Boot {
  readonly app: AppBoots
  held: LogLine[]
  chars: number
  timer: Timer | null
}

interface AppBoots {
  readonly shown: Set<string>
  repetitions: number
  everReady: boolean
}

export function createBootOutput(clock: Clock, show: (line: LogLine) => void): BootOutput {
  const apps = new Map<string, AppBoots>()
  const boots = new Map<number, Boot>()

  function appOf(name: string): AppBoots {
    const known = apps.get(name)
    if (known !== undefined) return known
    const app = { shown: new Set<string>(), repetitions: 0, everReady: false }
    apps.set(name, app)
    return app
  }

  function takeHeld(boot: Boot): readonly LogLine[] {
    boot.timer?.cancel()
    boot.timer = null
    const { held } = boot
    boot.held = []
    boot.chars = 0
    return held
  }

  function showHeld(boot: Boot): void {
    const lines = takeHeld(boot)
    if (lines.length > 0 && boot.app.shown.size < MAX_REMEMBERED) boot.app.shown.add(fingerprint(lines))
    for (const line of lines) show(line)
  }

  function hold(boot: Boot, line: LogLine): void {
    boot.timer ??= clock.setTimeout(() => showHeld(boot), MAX_HELD_MS)
    boot.held.push(line)
    boot.chars += line.text.length
    if (boot.chars > MAX_HELD_CHARS) showHeld(boot)
  }

  return {
    booting(worker, name) {
      const app = appOf(name)
      if (!app.everReady) boots.set(worker, { app, held: [], chars: 0, timer: null })
    },
    line(worker, line) {
      const boot = boots.get(worker)
      // stdout is work, not words about it: two workers that print the same have both done it.
      if (boot === undefined || line.stream !== 'stderr') show(line)
      else hold(boot, line)
    },
    ready(name) {
      const app = appOf(name)
      app.everReady = true
      app.shown.clear()
      for (const [worker, boot] of boots) {
        if (boot.app !== app) continue
        boots.delete(worker)
        showHeld(boot)
      }
    },
    ended(worker, failed) {
      const boot = boots.get(worker)
      if (boot === undefined) return
      boots.delete(worker)
      if (!failed || boot.held.length === 0 || !boot.app.shown.has(fingerprint(boot.held))) return showHeld(boot)
      takeHeld(boot)
      boot.app.repetitions += 1
    },
    repetitions: (name) => apps.get(name)?.repetitions ?? 0,
    release() {
      for (const boot of boots.values()) showHeld(boot)
    },
  }
}
