// The service under both: nothing but http, so that what is measured is the supervisor.
const http = require('node:http')

http.createServer((_request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1')
