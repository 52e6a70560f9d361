// `diagnose` over HTTP. The caller may be another machine: it says what to look at, and resil where the file goes; one file at a time.

import type { DiagnosisFileKind } from '../../protocol/control.ts'
import type { AdminPort } from './port.ts'
import { Refusal } from './respond.ts'

const FILES: Readonly<Record<string, DiagnosisFileKind>> = {
  'cpu-profile': 'cpuprofile',
  'heap-snapshot': 'heapsnapshot',
}

/** Whether the parameters, as they came in, ask for a file. */
export function makesFile(params: unknown): boolean {
  return FILES[String(requestIn(params)?.kind)] !== undefined
}

/** The parameters with a place for the file, where one is made. What else is wrong with them the operation itself says. */
export function placed(params: unknown, port: AdminPort): unknown {
  const request = requestIn(params)
  const kind = FILES[String(request?.kind)]
  if (request === undefined || kind === undefined) return params
  for (const own of ['file', 'force']) {
    if (own in request) {
      const message = `diagnose: leave params.request.${own} out: over HTTP resil chooses the place, and looks at disk and memory first; the answer says where the file is`
      throw new Refusal(403, 'RESIL_NOT_PERMITTED', message)
    }
  }
  const { target } = params as { readonly target?: unknown }
  const file = port.placeDiagnosisFile(String(target ?? 'worker'), kind)
  return { ...(params as object), request: { ...request, file, ...(kind === 'heapsnapshot' && { force: false }) } }
}

function requestIn(params: unknown): Record<string, unknown> | undefined {
  const { request } = (params ?? {}) as { readonly request?: unknown }
  return typeof request === 'object' && request !== null ? (request as Record<string, unknown>) : undefined
}
