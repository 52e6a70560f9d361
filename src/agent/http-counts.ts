// Counts the app's HTTP: responses by class of status and by duration, and those whose client did not stay. It listens to Node's
// own diagnostics channels, so that no listener is added to anything of the app's. HTTP/2 has such channels from Node 22 on.

import diagnostics from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { type HttpCounts as Counts, DURATION_BOUNDS_S, STATUS_CLASSES } from '../protocol/http-counts.ts'
import { LiveSet } from './live-set.ts'
import { StartTime } from './start-time.ts'

const BOUNDS_MS = DURATION_BOUNDS_S.map((seconds) => 1_000 * seconds)

type Response = ServerResponse | ServerHttp2Stream

export class HttpCounts {
  readonly #inHand = new LiveSet<Response>((response) => this.#isOver(response))
  readonly #responses = STATUS_CLASSES.map(() => 0)
  readonly #durations = [...BOUNDS_MS, Number.POSITIVE_INFINITY].map(() => 0)
  #durationSumMs = 0
  #aborted = 0
  #taken = ''

  watch(): void {
    // lib/_http_server.js: as soon as a request's headers are parsed, and when the last byte of its response was handed over.
    diagnostics.subscribe('http.server.request.start', (message) => {
      this.begin((message as { response: ServerResponse }).response)
    })
    diagnostics.subscribe('http.server.response.finish', (message) => {
      const { response } = message as { response: ServerResponse }
      this.finish(response, response.statusCode)
    })
    // lib/internal/http2/core.js
    diagnostics.subscribe('http2.server.stream.start', (message) => {
      this.begin((message as { stream: ServerHttp2Stream }).stream)
    })
    diagnostics.subscribe('http2.server.stream.close', (message) => {
      const { stream } = message as { stream: ServerHttp2Stream }
      const status = Number(stream.sentHeaders?.[':status'])
      if (stream.rstCode === 0 && status > 0) this.finish(stream, status)
      else if (StartTime.take(stream) !== undefined) this.#aborted += 1
    })
  }

  begin(response: Response): void {
    StartTime.set(response, performance.now())
    this.#inHand.add(response)
  }

  finish(response: Response, status: number): void {
    const startedAt = StartTime.take(response)
    // Given up already, since its connection had gone.
    if (startedAt === undefined) return
    const tookMs = performance.now() - startedAt
    const family = Math.min(STATUS_CLASSES.length, Math.floor(status / 100)) - 1
    this.#responses[family] = (this.#responses[family] ?? 0) + 1
    let bucket = 0
    while (tookMs > (BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1
    this.#durations[bucket] = (this.#durations[bucket] ?? 0) + 1
    this.#durationSumMs += tookMs
  }

  /** null: nothing has changed since it was last taken. */
  take(): Counts | null {
    // First: who looks finds those that were aborted.
    const inHand = this.#inHand.size
    const counts: Counts = {
      inHand,
      responses: [...this.#responses],
      aborted: this.#aborted,
      durations: [...this.#durations],
      durationSumMs: Math.round(this.#durationSumMs),
    }
    const mark = [counts.inHand, counts.aborted, ...counts.responses].join()
    if (mark === this.#taken) return null
    this.#taken = mark
    return counts
  }

  /** Of HTTP/1, no channel tells of responses that were cut off. */
  #isOver(response: Response): boolean {
    if (!StartTime.isSet(response)) return true
    if (!('req' in response) || !response.req.socket?.destroyed) return false
    StartTime.take(response)
    this.#aborted += 1
    return true
  }
}
