// An ordinary Express service that knows nothing of resil.
import express from 'express'

const app = express()

app.get('/', (_request, response) => {
  response.json({ hello: 'shop', pid: process.pid })
})

app.get('/slow', (request, response) => {
  setTimeout(() => response.json({ waited: true, pid: process.pid }), Number(request.query.ms ?? 200))
})

app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log('shop is open'))
