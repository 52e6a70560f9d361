// The admin port's settings, and what its owner should know about whom it lets in.

import type { Supervisor } from './schema.ts'
import type { AdminSettings, Settings } from './settings.ts'

export function adminSettings({ host, port, token }: Supervisor['admin']): Pick<Settings, 'admin'> {
  return port === 'off' ? {} : { admin: { host, port, ...(token === undefined ? {} : { token }) } }
}

/** Said where they can't overlook it: at the start, and by `resil check`. */
export function adminWarnings(admin: AdminSettings | undefined): string[] {
  if (admin === undefined || isLoopback(admin.host)) return []
  const open = `admin: ${admin.host} can be reached from other machines: whoever reaches port ${admin.port} reads status, metrics and events`
  return admin.token === undefined
    ? [`${open}; nothing can be changed there, since admin.token is not set`]
    : [`${open}, and the token travels in plain text: let nobody else into that network`]
}

/** Whether listening on it lets only this machine in. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
