// A worker whose channel ends while a connection is on its way to it, on a real cluster. Other ports of the worker had counted it
// as free until its exit was known.

import { writeFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { type DoorUnderTest, descriptors, doorUnderTest, until, visit } from '../support/door-under-test.ts'
import { assertNoProcessLeft } from '../support/processes.ts'
import { freePort } from '../support/service.ts'
import { tempDir } from '../support/temp-dir.ts'

let test: DoorUnderTest | undefined
afterEach(async () => {
  await test?.close()
  await assertNoProcessLeft()
})

it('between the end of its channel and its exit a worker is given no connection on any of its ports', async () => {
  test = doorUnderTest()
  const [first, second] = [await freePort(), await freePort()]
  const flag = `${tempDir({})}/go`
  const source = `
    const { existsSync, closeSync } = require('node:fs')
    for (const port of [${first}, ${second}])
      require('node:http').createServer((req, res) => res.end(String(process.pid))).listen(port, '127.0.0.1')
    const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    process.on('message', () => {
      process.send('blocked')
      while (!existsSync(${JSON.stringify(flag)})) pause(10)
      closeSync(3)
      for (;;) pause(1_000)
    })`
  const healthy = await test.listening(source, 0)
  const blocked = await test.listening(source, 1)
  const before = descriptors()
  const isBlocked = new Promise((resolve) => blocked.once('message', resolve))
  blocked.send('block')
  await isBlocked
  const onFirst = await Promise.all([visit(first), visit(first)])
  writeFileSync(flag, '')
  await until(() => !blocked.process.connected, 'the channel ends')
  const onSecond = await Promise.all([visit(second), visit(second), visit(second)])
  const answers = await Promise.all([...onFirst, ...onSecond].map(({ outcome }) => outcome))
  expect(answers).toEqual(answers.map(() => String(healthy.process.pid)))
  expect(blocked.process.exitCode ?? blocked.process.signalCode).toBeNull()
  await test.kill(blocked)
  await until(() => descriptors() < before, 'no descriptor is left')
})
