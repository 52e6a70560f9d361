// The load client where wrk is not installed: plain sockets, one request at a time on each. Prints what was answered.
const net = require('node:net')

const [port, seconds, connections] = process.argv.slice(2, 5).map(Number)
const keepAlive = process.argv[5] === 'true'
const request = `GET / HTTP/1.1\r\nHost: bench\r\n${keepAlive ? '' : 'Connection: close\r\n'}\r\n`
const counts = { requests: 0, errors: 0 }
let asking = true

function connect() {
  let answered = false
  const socket = net.connect(port, '127.0.0.1', () => socket.write(request))
  socket.on('data', () => {
    counts.requests += 1
    answered = true
    if (!asking) socket.destroy()
    else if (keepAlive) socket.write(request)
  })
  socket.on('error', () => {
    counts.errors += 1
  })
  socket.on('close', () => {
    if (!answered && asking) counts.errors += 1
    if (asking) setImmediate(connect)
  })
}

for (let i = 0; i < connections; i += 1) connect()
setTimeout(() => {
  asking = false
  console.log(JSON.stringify(counts))
  process.exit()
}, seconds * 1_000)
