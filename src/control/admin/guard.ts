// Who may ask for what: every request must be meant for this server, and one that changes anything must bring the token.

import type { IncomingMessage } from 'node:http'
import type { AdminSettings } from '../../config/settings.ts'
import { isOwnHost } from './host-header.ts'
import { Refusal } from './respond.ts'
import { checkToken } from './token.ts'

/** Throws a Refusal. The token opens under any name: a page that was led here by DNS rebinding does not have it. */
export function checkHost(request: IncomingMessage, { host, token }: AdminSettings): void {
  const { host: asked, authorization } = request.headers
  if (isOwnHost(asked, host) || checkToken(authorization, token) === 'right') return
  throw new Refusal(
    421,
    'RESIL_WRONG_HOST',
    `this server does not answer to the name ${JSON.stringify(String(asked).slice(0, 100))}: ask for it by IP address or as localhost, set admin.host to that name, or send the token`,
    { reason: 'host' },
  )
}

/** Throws a Refusal. */
export function checkMayChange(request: IncomingMessage, { token }: AdminSettings): void {
  if (request.headers.origin !== undefined) {
    throw new Refusal(
      403,
      'RESIL_FROM_A_PAGE',
      'requests of web pages (with an Origin header) can change nothing here',
      {
        reason: 'origin',
      },
    )
  }
  switch (checkToken(request.headers.authorization, token)) {
    case 'right':
      return
    case 'none-configured':
      throw new Refusal(
        403,
        'RESIL_NO_TOKEN_CONFIGURED',
        'nothing can be changed over HTTP, since no token is configured: set admin.token or RESIL_ADMIN_TOKEN and start again, or use the resil command',
        { reason: 'no-token-configured' },
      )
    case 'missing':
      throw unauthorized('this needs the token: send "Authorization: Bearer <admin.token>"')
    case 'wrong':
      throw unauthorized('this is not the token that admin.token (or RESIL_ADMIN_TOKEN) has')
  }
}

function unauthorized(message: string): Refusal {
  return new Refusal(401, 'RESIL_TOKEN', message, {
    headers: { 'www-authenticate': 'Bearer realm="resil"' },
    reason: 'token',
  })
}
