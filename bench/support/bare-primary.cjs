// The yardstick: what a team writes by hand. Forks N workers of an entry and replaces those that die.
const cluster = require('node:cluster')

const [entry, workers] = [process.argv[2], Number(process.argv[3] ?? 4)]
cluster.setupPrimary({ exec: entry, silent: false })
for (let i = 0; i < workers; i += 1) cluster.fork()
cluster.on('exit', () => cluster.fork())
process.on('SIGTERM', () => {
  cluster.removeAllListeners('exit')
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM')
  process.exit(0)
})
