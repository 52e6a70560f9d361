import { expect, it } from 'vitest'
import { createAgentTalk } from '../../../src/process/evidence/agent-talk.ts'

function talk(reachable = true) {
  const sent: number[] = []
  const agent = createAgentTalk({ connected: () => reachable, send: (id) => sent.push(id) > 0 && reachable })
  return { agent, sent }
}

const never = (): AbortSignal => new AbortController().signal

it('gives each question its own answer, in whatever order they come', async () => {
  const { agent, sent } = talk()
  const first = agent.ask({ kind: 'probe' }, never())
  const second = agent.ask({ kind: 'close-inspector' }, never())
  agent.answered(sent[1] ?? 0, { kind: 'close-inspector' })
  agent.answered(sent[0] ?? 0, { kind: 'probe', sigusr1: false, inspecting: false })
  agent.answered(99, { kind: 'close-inspector' })
  expect((await first).kind).toBe('probe')
  expect((await second).kind).toBe('close-inspector')
})

it('ends the waiting by abort, by the end of the worker, and where it cannot be asked', async () => {
  const { agent } = talk()
  const controller = new AbortController()
  const aborted = agent.ask({ kind: 'probe' }, controller.signal)
  controller.abort(new Error('too long'))
  await expect(aborted).rejects.toThrow('too long')
  await expect(agent.ask({ kind: 'probe' }, controller.signal)).rejects.toThrow('too long')
  const ended = agent.ask({ kind: 'probe' }, never())
  agent.close()
  await expect(ended).rejects.toThrow('the worker has ended')
  await expect(talk(false).agent.ask({ kind: 'probe' }, never())).rejects.toThrow('closed its channel')
})
