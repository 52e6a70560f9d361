import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { ownerOfPort } from '../../src/process/port-owner.ts'

it('names the process that listens on a port, and nobody once it is closed', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(ownerOfPort(port)).toContain(`pid ${process.pid} (`)
  await new Promise((resolve) => server.close(resolve))
  expect(ownerOfPort(port)).toBeNull()
})
