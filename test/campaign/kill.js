// kill -9 under load: nobody is refused, nobody hangs, no descriptor leaks, and only requests fail that a victim had accepted.
//   npm run campaign:kill                                       500 kills of one of 3 workers, then 50 of the only one
//   npm run campaign:kill -- --kills 50 --workers 1 --seed 1    one of the two
//     --schedule round-robin | shared | reusePort
// Each worker keeps a ledger that outlives it (fixtures/ledger.cjs): which connections it took, which requests it began and
// finished. A failure is excused only by the ledger of the victim that had taken its connection.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  choiceOf,
  conclude,
  fixture,
  NO_LIMITS,
  progress,
  SCHEDULES,
  seeded,
  sleep,
  startClients,
  startSupervisor,
  valuesFromArgs,
} from './support.js'

const { kills, clients, workers, seed, schedule } = valuesFromArgs({
  kills: 0,
  clients: 40,
  workers: 0,
  seed: 1,
  schedule: 'round-robin',
})
const LONGEST_MS = 30
/** That come between two kills; where none come for so long, the campaign has failed, and says how. */
const ANSWERS_BETWEEN = 15
const LONGEST_GAP_MS = 20_000
/** Of the kills that leave others alive, how many come before the last victim is replaced. */
const AT_ONCE = 0.2

function readLedger(dir, pid) {
  const ledger = { taken: new Map(), begun: new Set(), finished: new Set() }
  let lines = []
  try {
    lines = readFileSync(join(dir, String(pid)), 'utf8').split('\n')
  } catch {
    // Killed before it had written a line.
  }
  for (const line of lines) {
    const [word, what, at] = line.split(' ')
    if (word === 'taken') ledger.taken.set(Number(what), Number(at))
    if (word === 'begun') ledger.begun.add(what)
    if (word === 'finished') ledger.finished.add(what)
  }
  return ledger
}

/**
 * Sorts what failed: `inHand`, the victim had begun it; `unread`, it was on a connection that the victim had taken;
 * `untaken`, where workers accept for themselves and a connection may die in their queue; the rest no crash excuses. Client ports are used again and again: the last worker that took one is meant.
 */
function judge(failed, dir, pids, victims) {
  const ledgers = new Map(pids.map((pid) => [pid, readLedger(dir, pid)]))
  const verdict = { inHand: 0, unread: 0, untaken: 0, inexcusable: [] }
  for (const { key, clientPort, result, at } of failed) {
    const takers = [...ledgers]
      .map(([pid, { taken }]) => ({ pid, at: taken.get(clientPort) ?? Number.POSITIVE_INFINITY }))
      .filter((taker) => taker.at <= at)
    const taker = takers.sort((a, b) => b.at - a.at)[0]
    const cut = ['ECONNRESET', 'EPIPE', 'socket hang up'].includes(result)
    if (!cut) verdict.inexcusable.push(`request ${key}: ${result}`)
    else if (taker === undefined && schedule !== 'round-robin') verdict.untaken += 1
    else if (!victims.has(taker?.pid)) verdict.inexcusable.push(`request ${key}: ${result}, by a worker that lives`)
    else if (ledgers.get(taker.pid).finished.has(key)) verdict.inexcusable.push(`request ${key}: ${result}, answered`)
    else if (ledgers.get(taker.pid).begun.has(key)) verdict.inHand += 1
    else verdict.unread += 1
  }
  const inHandOfVictims = [...victims].reduce((sum, pid) => {
    const { begun, finished } = ledgers.get(pid)
    return sum + begun.size - finished.size
  }, 0)
  return { ...verdict, inHandOfVictims }
}

function readyPids(events, victims) {
  const pids = new Map()
  for (const { type, worker } of events) {
    if (type === 'worker.ready') pids.set(worker.id, worker.pid)
    if (type === 'worker.exited') pids.delete(worker.id)
  }
  return [...pids.values()].filter((pid) => !victims.has(pid))
}

/** Descriptors come and go with samples; what counts is what stays. */
async function settledDescriptors(supervisor, most) {
  const until = Date.now() + 40_000
  while (supervisor.descriptors() > most && Date.now() < until) await sleep(250)
  return supervisor.descriptors()
}

async function campaign(instances, most) {
  const random = seeded(seed)
  const dir = mkdtempSync(join(tmpdir(), 'resil-ledger-'))
  const supervisor = await startSupervisor(
    { script: fixture('ledger.cjs'), instances, restart: NO_LIMITS, ...choiceOf('schedule', schedule, SCHEDULES) },
    { LEDGER_DIR: dir },
  )
  const show = progress(`${instances} worker${instances === 1 ? '' : 's'}: kills`, most)
  const victims = new Set()
  const failed = []
  const failures = []
  let counts = { ok: 0, failed: {} }
  const descriptors = { before: 0, after: 0 }
  let load = null
  try {
    await supervisor.until(({ type }) => type === 'app.running')
    // The sampler opens one descriptor for each process, itself included.
    descriptors.before = supervisor.descriptors() + instances + 1
    load = startClients({
      count: clients,
      port: supervisor.port,
      random,
      longestMs: LONGEST_MS,
      onFailed: (failure) => failed.push(failure),
    })
    counts = load.counts
    while (victims.size < most) {
      show(victims.size, `${counts.ok} answered, ${failed.length} cut`)
      // Each kill meets workers that answer, however slow the machine is; the time between only varies where they stand.
      const enough = counts.ok + ANSWERS_BETWEEN
      await sleep(20 + random() * 80)
      for (const until = Date.now() + LONGEST_GAP_MS; counts.ok < enough && Date.now() < until; ) await sleep(5)
      const pids = readyPids(supervisor.events, victims)
      const from = supervisor.events.length
      const victim = pids[Math.floor(random() * pids.length)]
      process.kill(victim, 'SIGKILL')
      victims.add(victim)
      if (pids.length > 1 && random() < AT_ONCE) continue
      await supervisor.until(
        ({ type }) => type === 'worker.ready' && readyPids(supervisor.events, victims).length === instances,
        30_000,
        from,
      )
    }
    show(most, `${counts.ok} answered, ${failed.length} cut`)
    await load.end()
    descriptors.after = await settledDescriptors(supervisor, descriptors.before)
  } catch (error) {
    failures.push(error.message)
  } finally {
    await load?.end()
  }
  for (const fault of supervisor.faults()) failures.push(`${fault.type}: ${fault.message}`)
  // A worker that nobody here has killed must not end before the stop.
  for (const { type, worker, exit } of supervisor.events) {
    if (type === 'worker.exited' && !victims.has(worker.pid)) {
      failures.push(
        `worker ${worker.pid} ended by itself: ${exit.kind}, ${exit.signal ?? `code ${exit.code}`}, after ${exit.uptimeMs} ms`,
      )
    }
  }
  const { code } = await supervisor.stop()
  if (code !== 0) failures.push(`the supervisor exited with ${code}`)
  const pids = supervisor.events.filter(({ type }) => type === 'worker.forked').map(({ worker }) => worker.pid)
  const { inexcusable, ...cut } = judge(failed, dir, pids, victims)
  rmSync(dir, { recursive: true, force: true })
  if (inexcusable.length > 0) {
    failures.push(`${inexcusable.length} failed in a way that no crash excuses: ${inexcusable.slice(0, 5).join('; ')}`)
  }
  if (cut.inHand > cut.inHandOfVictims) {
    failures.push(`${cut.inHand} requests in hand were lost, where the victims had ${cut.inHandOfVictims}`)
  }
  if (descriptors.after > descriptors.before) {
    failures.push(`${descriptors.after} descriptors are open, ${descriptors.before} were before`)
  }
  return { workers: instances, kills: victims.size, ...counts, cut, descriptors, failures }
}

const rounds =
  kills > 0 || workers > 0
    ? [[workers || 3, kills || 500]]
    : [
        [3, 500],
        [1, 50],
      ]
const results = []
for (const [instances, most] of rounds) results.push(await campaign(instances, most))
const failures = results.flatMap((result) => result.failures.map((failure) => `${result.workers} workers: ${failure}`))
conclude('kill', failures, { seed, schedule, clients, rounds: results })
