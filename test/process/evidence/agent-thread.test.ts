// The line to the agent's thread, with a thread that a test makes up.

import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { talkToThread } from '../../../src/process/evidence/agent-thread.ts'

function line() {
  const said: string[] = []
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      said.push(String(chunk))
      done()
    },
  })
  return {
    stream,
    said,
    thread: talkToThread(stream),
    answers: (answer: unknown) => stream.push(`${JSON.stringify(answer)}\n`),
  }
}

const never = new AbortController().signal
const frames = (name: string) => [{ name, file: null, line: 1, column: null }]

describe("the agent's thread", () => {
  it('is asked, and answers', async () => {
    const { thread, said, answers } = line()
    const stack = thread.stack(never)
    answers({ frames: frames('spin') })
    expect(await stack).toEqual(frames('spin'))
    expect(said).toEqual(['s'])
  })

  it('is told when nobody waits any more, and what it says to that is not taken for the next answer', async () => {
    const { thread, said, answers } = line()
    const box = new AbortController()
    const first = thread.stack(box.signal)
    box.abort(new Error('too late'))
    await expect(first).rejects.toThrow('too late')
    const second = thread.stack(never)
    answers({ failed: 'nobody waits for it any more' })
    answers({ frames: frames('spin') })
    expect(await second).toEqual(frames('spin'))
    expect(said).toEqual(['s', 'c', 's'])
  })

  it.each([
    [{ failed: 'the inspector refused' }, 'the inspector refused'],
    [{ frames: [{ name: 1 }] }, 'no answer that can be read'],
    [42, 'no answer that can be read'],
  ])('says why there is no stack: %j', async (answer, reason) => {
    const { thread, answers } = line()
    const stack = thread.stack(never)
    answers(answer)
    await expect(stack).rejects.toThrow(reason)
  })

  it('that is gone, or floods its line, is not waited for', async () => {
    const flooded = line()
    const [first, second] = [flooded.thread.stack(never), flooded.thread.stack(never)]
    flooded.stream.push('x'.repeat(600 * 1024))
    await expect(first).rejects.toThrow('has ended')
    await expect(second).rejects.toThrow('has ended')
    await expect(flooded.thread.stack(never)).rejects.toThrow('has ended')
    const ended = line()
    const asked = ended.thread.stack(never)
    ended.thread.close()
    await expect(asked).rejects.toThrow('has ended')
  })
})
