// Packs the package as it would be published and looks at the result: publint, attw, what it contains, and how much an install weighs.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What an install without optional packages may take. */
const MOST_BYTES = 16 * 1024 * 1024
const MOST_PACKAGES = 45

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'resil-pack-'))

function run(command, args, cwd = root) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Bytes on disk and packages below a node_modules folder. */
function weigh(path) {
  let bytes = 0
  let packages = 0
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) {
      const inner = weigh(child)
      bytes += inner.bytes
      packages += inner.packages
    } else if (entry.isFile()) {
      bytes += statSync(child).size
      if (entry.name === 'package.json' && isPackage(path)) packages += 1
    }
  }
  return { bytes, packages }
}

function isPackage(path) {
  const parts = path.split('/')
  const parent = parts.at(-2) ?? ''
  return parent === 'node_modules' || (parent.startsWith('@') && parts.at(-3) === 'node_modules')
}

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder]))
  const tarball = join(folder, packed.filename)
  const stray = packed.files.map(({ path }) => path).filter((path) => /(^|\/)(test|src|fixtures|bench)\//.test(path))
  if (stray.length > 0) throw new Error(`the package contains ${stray.join(', ')}`)
  process.stdout.write(run('npx', ['publint', tarball, '--strict']))
  // Only ESM is offered: every supported Node can require() it.
  process.stdout.write(run('npx', ['attw', tarball, '--profile', 'esm-only', '--exclude-entrypoints', './schema.json']))

  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  run('npm', ['install', '--omit=dev', '--omit=optional', '--no-package-lock', '--loglevel=error', tarball], folder)
  const { bytes, packages } = weigh(join(folder, 'node_modules'))
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB in ${packages} packages`
  if (bytes > MOST_BYTES || packages > MOST_PACKAGES) throw new Error(`an install weighs ${size}: too much`)
  process.stdout.write(`an install weighs ${size} (budget 16 MiB, 45 packages)\n`)
  const version = run(process.execPath, [join(folder, 'node_modules', 'resil', 'bin', 'resil.js'), '--version'], folder)
  process.stdout.write(`the installed command answers: ${version}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
