// What looks like a hang and is none, longer and harder than in the integration tests: nobody may be killed for any of it.
//   npm run campaign:false-kills -- --rounds 1 --seconds 60 --sleep 30 --workers 4
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { conclude, fixture, request, seeded, sleep, startSupervisor, valuesFromArgs } from './support.js'

const {
  rounds,
  seconds,
  sleep: sleepSeconds,
  workers,
  seed,
} = valuesFromArgs({
  rounds: 1,
  seconds: 60,
  sleep: 30,
  workers: 4,
  seed: 1,
})
const random = seeded(seed)
const failures = []
const figures = {}

const supervisor = await startSupervisor({ script: fixture('blocks.cjs'), instances: workers })
const pids = () =>
  new Set(supervisor.events.filter(({ type }) => type === 'worker.ready').map(({ worker }) => worker.pid))
const ask = (path) => request(supervisor.port, path, { expect: (body) => /^\d+$/.test(body), hungAfterMs: 60_000 })
const children = () =>
  readdirSync('/proc').filter((entry) => {
    try {
      return readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(supervisor.pid)
    } catch {
      return false
    }
  })

/** One trial: whatever it does, afterwards the same workers serve, and none was signalled. */
async function trial(name, run) {
  const from = supervisor.events.length
  await run()
  // Time for whoever would be killed wrongly: replaceAfter, and a little more.
  await sleep(11_000)
  const since = supervisor.events.slice(from)
  const harm = since.filter(({ type }) => type === 'worker.signalled' || type === 'worker.exited')
  for (const { type, worker } of harm) failures.push(`${name}: ${type} of pid ${worker.pid}`)
  const { result } = await ask('/')
  if (result !== 'ok') failures.push(`${name}: a request afterwards: ${result}`)
  figures[name] = {
    harmed: harm.length,
    suspected: since.filter(({ type }) => type === 'worker.suspected').length,
  }
  console.log(name, JSON.stringify(figures[name]))
}

try {
  await supervisor.until(({ type }) => type === 'app.running')
  for (let round = 0; round < rounds; round += 1) {
    await trial('supervisor stopped', async () => {
      process.kill(supervisor.pid, 'SIGSTOP')
      await sleep(sleepSeconds * 1_000)
      process.kill(supervisor.pid, 'SIGCONT')
    })
    await trial('supervisor stopped again and again', async () => {
      for (let nap = 0; nap < 10; nap += 1) {
        process.kill(supervisor.pid, 'SIGSTOP')
        await sleep(random() * 4_000)
        process.kill(supervisor.pid, 'SIGCONT')
        await sleep(random() * 1_500)
      }
    })
    await trial('all stopped together, as a freezer does', async () => {
      const all = [supervisor.pid, ...pids()]
      for (const pid of all) process.kill(pid, 'SIGSTOP')
      await sleep(sleepSeconds * 1_000)
      for (const pid of all.reverse()) process.kill(pid, 'SIGCONT')
    })
    await trial('workers stopped', async () => {
      for (const pid of pids()) process.kill(pid, 'SIGSTOP')
      await sleep(sleepSeconds * 1_000)
      for (const pid of pids()) process.kill(pid, 'SIGCONT')
    })
    await trial('four CPU hogs', async () => {
      const hogs = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
      await sleep(seconds * 1_000)
      for (const hog of hogs) hog.kill('SIGKILL')
    })
    await trial('loops blocked for 1.5 s, again and again', async () => {
      for (let block = 0; block < 3 * workers; block += 1) {
        await ask('/loop?ms=1500')
        await sleep(random() * 1_000)
      }
    })
  }
} catch (error) {
  failures.push(error.message)
}
if (children().length < workers) failures.push(`${children().length} of ${workers} workers are left`)
for (const fault of supervisor.faults()) failures.push(`${fault.type}: ${fault.message}`)
const { code } = await supervisor.stop()
if (code !== 0) failures.push(`the supervisor exited with ${code}`)
conclude('false-kills', failures, { seed, rounds, ...figures })
