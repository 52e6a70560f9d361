import { createServer } from 'node:net'
import { expect, it, vi } from 'vitest'
import { ownerOfPort } from '../../src/process/port-owner.ts'

it('knows its own ports, and nobody once it is closed', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(ownerOfPort(port)).toBe('another app of this supervisor, or its admin port')
  await new Promise((resolve) => server.close(resolve))
  // The answer is kept for five seconds.
  const later = performance.now() + 5_001
  vi.spyOn(performance, 'now').mockReturnValue(later)
  expect(ownerOfPort(port)).toBeNull()
})
