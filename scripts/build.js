// Builds dist/: esbuild bundles what runs, tsc emits the declarations, the schema is written from the zod schema.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
rmSync('dist', { recursive: true, force: true })

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  legalComments: 'eof',
  // pidusage would write to the supervisor's stderr, stack included, when descriptors or processes run out.
  define: { __RESIL_VERSION__: JSON.stringify(version), 'process.env.PIDUSAGE_SILENT': '"1"' },
}

await Promise.all([
  // What every command loads: one CommonJS file, since Node's ESM loader alone costs a command 5 to 8 ms. What it imports lazily
  // is in the build below.
  build({
    ...shared,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli/main.cjs',
    format: 'cjs',
    minify: true,
    minifyIdentifiers: false,
    plugins: [
      {
        name: 'lazy imports stay imports',
        setup({ onResolve }) {
          onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path, resolveDir }) => {
            if (kind !== 'dynamic-import') return undefined
            const fromCli = relative(`${root}src/cli`, resolve(resolveDir, path))
            return { path: `./${fromCli.replace(/\.ts$/, '.js')}`, external: true }
          })
        },
      },
    ],
  }),
  // CommonJS dependencies inside an ESM bundle still call require() for node: modules.
  build({
    ...shared,
    entryPoints: ['src/cli/program.ts', 'src/cli/stored-incidents.ts'],
    outbase: 'src',
    outdir: 'dist',
    format: 'esm',
    splitting: true,
    minify: true,
    minifyIdentifiers: false,
    chunkNames: 'chunks/[name]-[hash]',
    // Loaded lazily and only where a config file is searched for.
    external: ['cosmiconfig'],
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  }),
  // What programs import: Node shows the line that threw above its message, and programs print what they hold. So names and lines
  // stay such as can be read.
  build({
    ...shared,
    entryPoints: ['src/index.ts', 'src/patterns.ts', 'src/worker.ts'],
    outbase: 'src',
    outdir: 'dist',
    format: 'esm',
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    chunkNames: 'chunks/[name]-[hash]',
  }),
  build({ ...shared, entryPoints: ['src/agent/main.ts'], outfile: 'dist/agent.cjs', format: 'cjs', minify: false }),
  build({
    ...shared,
    entryPoints: ['src/agent/thread/main.ts'],
    outfile: 'dist/agent-thread.cjs',
    format: 'cjs',
    minify: false,
  }),
])

if (!process.argv.includes('--no-types')) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], { stdio: 'inherit' })
}
if (existsSync('scripts/write-schema.js')) {
  execFileSync(process.execPath, ['scripts/write-schema.js'], { stdio: 'inherit' })
}
