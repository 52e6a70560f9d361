// Becomes ready and dies of it, every time.
const http = require('node:http')

http
  .createServer(() => {})
  .listen(Number(process.env.PORT), '127.0.0.1', () => {
    setTimeout(() => process.exit(1), 20)
  })
