// What a Node version can do that another can't.

/** "v22.18.0" or "22.18.0" */
export function runsTypeScript(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  // Type stripping without a flag: 22.18 and 23.6 (https://nodejs.org/api/typescript.html, history).
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}

/** Of listening sockets: 22.12 and 23.1 (https://nodejs.org/api/net.html, server.listen). */
export function reusesPorts(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major >= 24 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
}

export const TYPESCRIPT_FILE = /\.[mc]?tsx?$/
