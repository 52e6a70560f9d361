// A worker that dies at any moment of its boot never takes the supervisor along.
//   npm run campaign:boot -- --kills 200 --seed 1
import { conclude, fixture, NO_LIMITS, progress, seeded, sleep, startSupervisor, valuesFromArgs } from './support.js'

const { kills, seed } = valuesFromArgs({ kills: 200, seed: 1 })
const random = seeded(seed)
const show = progress('kills', kills)
/** Longer than a boot takes here, so that kills fall on every moment of it and a little after. */
const LATEST_MS = 250

const supervisor = await startSupervisor({ script: fixture('slow-boot.cjs'), instances: 2, restart: NO_LIMITS })
const failures = []
let killed = 0
try {
  await supervisor.until(({ type }) => type === 'app.running')

  const killLater = async (pid) => {
    await sleep(random() * LATEST_MS)
    if (killed >= kills) return
    try {
      process.kill(pid, 'SIGKILL')
      killed += 1
      show(killed)
    } catch {
      // It has been replaced meanwhile.
    }
  }
  supervisor.onEvent((event) => {
    if (event.type === 'worker.forked') killLater(event.worker.pid)
  })
  for (const event of supervisor.events.filter(({ type }) => type === 'worker.ready')) killLater(event.worker.pid)
  while (killed < kills) {
    const before = killed
    await supervisor.until(({ type }) => type === 'worker.exited', 30_000, supervisor.events.length)
    if (killed === before) await sleep(20)
  }
  await supervisor.until(
    ({ type, ready, instances }) => type === 'app.running' && ready === instances,
    30_000,
    supervisor.events.length,
  )
} catch (error) {
  failures.push(error.message)
}
for (const fault of supervisor.faults()) failures.push(`${fault.type}: ${fault.message}`)
const { code } = await supervisor.stop()
if (code !== 0) failures.push(`the supervisor exited with ${code}`)
const exits = supervisor.events.filter(({ type }) => type === 'worker.exited')
const duringBoot = exits.filter(({ exit }) => exit.kind === 'boot-failure').length
conclude('boot-kill', failures, { seed, killed, duringBoot, forks: exits.length })
