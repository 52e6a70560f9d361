// A primary with nothing but node:cluster, in a process of its own so that it can be of any Node and be killed. It forks what it
// is told to, answers bye with pong as the supervisor does, and says on stdout what happens, one JSON line each.
// Its other half, which speaks to it, is cluster-under-test.ts.

import cluster, { type Worker } from 'node:cluster'
import { createInterface } from 'node:readline'
import { isolatePorts } from '../../src/cluster-internals/app-ports.ts'
import { AGENT_COMMAND } from '../../src/protocol/agent-command.ts'

export interface ForkOrder {
  readonly do: 'fork'
  readonly id: number
  readonly entry: string
  readonly args: readonly string[]
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Ports are kept apart by app; null: as under plain node:cluster. */
  readonly app: string | null
}

export type Order =
  | ForkOrder
  | { readonly do: 'say'; readonly id: number; readonly message: object }
  /** Answer no bye from now on. */
  | { readonly do: 'ignore-bye' }
  | { readonly do: 'disconnect'; readonly id: number }

export type Report =
  | { readonly saw: 'forked'; readonly id: number; readonly pid: number; readonly isolated: boolean | null }
  | { readonly saw: 'listening'; readonly id: number; readonly port: number; readonly address: string | null }
  | { readonly saw: 'said'; readonly id: number; readonly act: string; readonly message: Record<string, unknown> }
  | { readonly saw: 'message'; readonly id: number; readonly message: unknown }
  | { readonly saw: 'output'; readonly id: number; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | { readonly saw: 'exit'; readonly id: number; readonly code: number | null; readonly signal: string | null }

const workers = new Map<number, Worker>()
let answersBye = true

function report(what: Report): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

function obey(order: Order): void {
  switch (order.do) {
    case 'fork':
      fork(order)
      break
    case 'say':
      workers.get(order.id)?.process.send({ cmd: AGENT_COMMAND, ...order.message }, () => {})
      break
    case 'ignore-bye':
      answersBye = false
      break
    case 'disconnect':
      workers.get(order.id)?.disconnect()
      break
  }
}

function fork({ id, entry, args, execArgv, env, app }: ForkOrder): void {
  cluster.setupPrimary({
    exec: entry,
    args: [...args],
    execArgv: [...execArgv],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    silent: false,
  })
  const worker = cluster.fork(env)
  workers.set(id, worker)
  const isolated = app === null ? null : isolatePorts(worker, app)
  worker.on('error', () => {})
  worker.on('listening', ({ port, address }) => report({ saw: 'listening', id, port, address: address ?? null }))
  worker.on('message', (message) => report({ saw: 'message', id, message }))
  worker.on('exit', (code: number | null, signal: string | null) => report({ saw: 'exit', id, code, signal }))
  worker.process.on('internalMessage', (message: Record<string, unknown>) => {
    if (message.cmd !== AGENT_COMMAND) return
    if (message.act === 'bye' && answersBye) obey({ do: 'say', id, message: { act: 'pong' } })
    report({ saw: 'said', id, act: String(message.act), message })
  })
  for (const stream of ['stdout', 'stderr'] as const) {
    const input = worker.process[stream]
    if (input) createInterface({ input }).on('line', (line) => report({ saw: 'output', id, stream, line }))
  }
  report({ saw: 'forked', id, pid: worker.process.pid ?? 0, isolated })
}

// Ctrl-C reaches the whole group; the supervisor too has listeners for it.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {})
// Whoever started this primary is gone: so is its purpose.
createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line)))
  .on('close', () => process.exit())
