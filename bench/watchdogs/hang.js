// A loop that blocks for ever: how soon it is suspect, its stack is known, and another worker answers in its place, while clients
// ask. They begin once it blocks: what it had accepted before is its own to lose.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, request, sleep, startSupervisor } from '../../test/campaign/support.js'
import { runtimeDir } from '../support/measure.js'
import { median } from '../support/statistics.js'
import { reportLost, startClients } from './clients.js'

/** The default. */
const REPLACE_AFTER_MS = 10_000
const WORKERS = 3
/** Beats come once a second. A worker of which none has been heard has as much time as a boot. */
const BEAT_MS = 1_000
const HEARD_AFTER_MS = 2 * BEAT_MS

export async function hang({ report, quick }) {
  const count = quick ? 2 : 8
  const rounds = []
  // At another moment between two beats each time.
  for (let round = 0; round < count; round += 1) rounds.push(await hangOnce(round, (round * BEAT_MS) / count))
  const bootMs = median(rounds.flatMap(({ bootsMs }) => bootsMs))
  const seconds = (name) => rounds.map((round) => round[name] / 1_000)
  const longest = (values) => `longest ${Math.max(...values).toFixed(2)} s`
  report('loop blocks → suspect', seconds('suspectMs'), { unit: 's', detail: longest(seconds('suspectMs')) })
  report('loop blocks → its stack is known', seconds('stackMs'), {
    unit: 's',
    budget: { atMost: 3 },
    detail: longest(seconds('stackMs')),
  })
  const answers = seconds('answerMs')
  report('loop blocks → replacement answers', answers, {
    unit: 's',
    // replaceAfter, a boot, and a second.
    budget: { atMost: Number(((REPLACE_AFTER_MS + bootMs + 1_000) / 1_000).toFixed(2)) },
    detail: `${longest(answers)}; replaceAfter ${REPLACE_AFTER_MS / 1_000} s, boot ${bootMs.toFixed(0)} ms`,
  })
  reportLost(
    report,
    'loop blocks: requests lost',
    rounds.map(({ counts }) => counts),
  )
}

async function hangOnce(round, momentMs) {
  const stamp = join(runtimeDir, `blocks-${round}`)
  const service = await startSupervisor({
    script: fixture('blocks.cjs'),
    instances: WORKERS,
    watchdogs: { hang: { replaceAfter: REPLACE_AFTER_MS } },
  })
  try {
    await service.until(({ type }) => type === 'app.running')
    await sleep(HEARD_AFTER_MS + momentMs)
    const hung = await block(service.port, stamp)
    const blockedAt = await stamped(stamp)
    const workers = new Set(service.events.filter(isReady).map(({ worker }) => worker.pid))
    const firstAnswers = new Map()
    const clients = startClients({
      count: 6,
      port: service.port,
      path: '/',
      pauseMs: 20,
      check: (body) => {
        if (!firstAnswers.has(body)) firstAnswers.set(body, Date.now())
        return /^\d+$/.test(body)
      },
    })
    const isOfHung = ({ worker }) => worker.pid === hung
    const suspected = await service.until((event) => event.type === 'worker.suspected' && isOfHung(event))
    const taken = await service.until((event) => event.type === 'evidence.taken' && isOfHung(event))
    if (taken.evidence.kind !== 'stack') throw new Error(`no stack was taken: ${JSON.stringify(taken.evidence)}`)
    const { worker: replacement } = await service.until((event) => isReady(event) && !workers.has(event.worker.pid))
    const answeredAt = await found('an answer of the replacement', () => firstAnswers.get(String(replacement.pid)))
    const counts = await clients.end()
    if (firstAnswers.has(String(hung))) throw new Error(`pid ${hung} answered though its loop was blocked`)
    return {
      suspectMs: suspected.at - blockedAt,
      stackMs: taken.at - blockedAt,
      answerMs: answeredAt - blockedAt,
      bootsMs: service.events.filter(isReady).map(({ bootMs }) => bootMs),
      counts,
    }
  } finally {
    await service.stop()
  }
}

function isReady({ type }) {
  return type === 'worker.ready'
}

/** One of them, for ever; its pid. */
async function block(port, stamp) {
  let pid = null
  const { result } = await request(port, `/loop?ms=600000&stamp=${encodeURIComponent(stamp)}`, {
    expect: (body) => {
      pid = Number(body)
      return pid > 0
    },
  })
  if (result !== 'ok') throw new Error(`asked to block, a worker said: ${result}`)
  return pid
}

/** When it began to block, by its own account. */
async function stamped(stamp) {
  return Number(await found('the stamp of a loop that blocks', () => existsSync(stamp) && readFileSync(stamp, 'utf8')))
}

async function found(what, look) {
  for (const begun = performance.now(); performance.now() - begun < 30_000; await sleep(5)) {
    const it = look()
    if (it) return it
  }
  throw new Error(`waited 30 s in vain for ${what}`)
}
