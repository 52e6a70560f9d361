// POST /<operation>: the table of operations over HTTP. Parameters come as a JSON object, the result goes back as one. What an
// operation streams goes out as JSON lines, in the form of the control socket, to those who accept them.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { ResilError } from '../../errors.ts'
import { MAX_REQUEST_BYTES, type OperationName } from '../../protocol/control.ts'
import { drained } from '../drained.ts'
import { perform } from '../operations.ts'
import type { AdminPort } from './port.ts'
import { makesFile, placed } from './remote-diagnosis.ts'
import { Refusal, refusalOf, respondJson, respondRefusal, startStream } from './respond.ts'

const FULL_BYTES = 256 * 1024
const LINES = 'application/x-ndjson'
/** Of these the items are the answer. */
const STREAMS: readonly OperationName[] = ['logs', 'events']

/** What makes files is done for one caller at a time. */
export interface FileTurn {
  taken: boolean
}

/** The caller has been let in. Throws a Refusal where it has not begun; afterwards what goes wrong is part of the answer. */
export async function operate(
  op: OperationName,
  port: AdminPort,
  request: IncomingMessage,
  response: ServerResponse,
  turn: FileTurn,
): Promise<void> {
  const params = await readParams(request)
  const file = op === 'diagnose' && makesFile(params)
  if (file && turn.taken) {
    throw new Refusal(
      503,
      'RESIL_BUSY',
      'a profile or a snapshot is being taken already: over HTTP it is one at a time',
    )
  }
  const asked = file ? placed(params, port) : params
  const controller = new AbortController()
  response.once('close', () => controller.abort(new ResilError('RESIL_BUSY', 'the client has gone')))
  const lines = STREAMS.includes(op) || (request.headers.accept ?? '').includes(LINES)
  const say = (line: unknown): void => void response.write(`${JSON.stringify(line)}\n`)
  const full = (): boolean => response.writableLength > FULL_BYTES
  const sink = {
    emit: (item: unknown) => {
      if (!lines || response.destroyed) return
      if (!response.headersSent) startStream(response, LINES)
      say({ item })
    },
    full,
    drained: () => drained(response, full),
  }
  turn.taken ||= file
  try {
    const result = await perform(op, { port, params: asked, sink, signal: controller.signal })
    if (!response.headersSent) return respondJson(response, statusOf(result), result)
    say({ ok: true, result })
  } catch (error) {
    const refusal = refusalOf(error)
    if (!response.headersSent) return respondRefusal(response, refusal)
    say({ ok: false, error: { code: refusal.code, message: refusal.message } })
  } finally {
    if (file) turn.taken = false
  }
  response.end()
}

async function readParams(request: IncomingMessage): Promise<unknown> {
  const bad = (status: number, message: string): Refusal =>
    new Refusal(status, 'RESIL_BAD_REQUEST', message, { headers: { connection: 'close' }, reason: 'bad-request' })
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) throw bad(413, `the body is longer than ${MAX_REQUEST_BYTES} bytes`)
    chunks.push(chunk)
  }
  if (bytes === 0) return {}
  // What a plain HTML form can send is never taken for a request.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw bad(415, 'send parameters as JSON, with "Content-Type: application/json"')
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw bad(400, 'the body is not JSON: send one object of parameters, such as {"app":"web"}')
  }
}

/** Also a roll-out that was carried out and did not get through: `curl --fail` shall see it. */
function statusOf(result: unknown): number {
  const { verdicts = [] } = result as { readonly verdicts?: readonly { readonly outcome: string }[] }
  return verdicts.every(({ outcome }) => outcome === 'finished') ? 200 : 409
}
