// Installs other Node majors for the test matrix, as npm packages, into .cache/nodes. Prints their paths, comma-separated.
//   node scripts/install-nodes.js 22 24 26
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cache = fileURLToPath(new URL('../.cache/nodes/', import.meta.url))

function install(major) {
  const folder = join(cache, major)
  const binary = join(folder, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const name = `node-linux-${process.arch}@${major}`
  execFileSync('npm', ['install', '--no-save', '--no-package-lock', '--loglevel=error', name], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  })
  return binary
}

process.stdout.write(process.argv.slice(2).map(install).join(','))
