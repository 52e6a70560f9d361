// The service under both: nothing but http, so that what is measured is the supervisor. /pid tells who answers.
const http = require('node:http')

http
  .createServer((request, response) => response.end(request.url === '/pid' ? String(process.pid) : 'ok'))
  .listen(Number(process.env.PORT), '127.0.0.1')
