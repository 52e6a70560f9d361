import { describe, expect, it } from 'vitest'
import { AGENT_ORDERS } from '../../src/protocol/agent-orders.ts'
import { agentBench } from '../support/agent-bench.ts'
import { nodesUnderTest } from '../support/node-versions.ts'

const standby = { env: { [AGENT_ORDERS]: JSON.stringify({ standby: true }) } }
const serve = `
const server = require('http').createServer((_, res) => res.end())
server.listen(0, () => console.log('listens'))
console.log('asked')`

describe.each(nodesUnderTest)('on Node $version', ({ path }) => {
  const bench = agentBench(path)
  const { start } = bench

  it('a standby comes as far as its listen(), lives on, and listens when it is promoted', async () => {
    const worker = await start(serve, standby)
    await worker.said('held')
    await worker.line(/asked/)
    await worker.said('beat')
    expect(worker.seen('listening')).toEqual([])
    expect(worker.seen('exit')).toEqual([])
    worker.say({ act: 'promote' })
    await worker.line(/listens/)
    await worker.listening()
    worker.kill('SIGKILL')
    await worker.exit()
  })

  it('says so once, and holds every server of the app back, UDP too', async () => {
    const source = `${serve}
require('net').createServer().listen(0, () => console.log('raw listens'))
require('dgram').createSocket('udp4').bind(0, () => console.log('udp is bound'))`
    const worker = await start(source, standby)
    await worker.said('held')
    await worker.said('beat')
    expect(worker.seen('said').filter(({ act }) => act === 'held')).toHaveLength(1)
    expect(worker.seen('listening')).toEqual([])
    worker.say({ act: 'promote' })
    await worker.line(/raw listens/)
    await worker.line(/udp is bound/)
    worker.kill('SIGKILL')
    await worker.exit()
  })

  it('what listens after the promotion is not held', async () => {
    const worker = await start(
      `${serve}
process.on('message', () => require('net').createServer().listen(0, () => console.log('late one listens')))`,
      standby,
    )
    await worker.said('held')
    worker.say({ act: 'promote' })
    await worker.line(/^listens/)
    worker.say({ cmd: 'late' })
    await worker.line(/late one listens/)
    worker.kill('SIGKILL')
    await worker.exit()
  })

  it('the app does not see its orders, nor do its children, and orders that make no sense are none', async () => {
    const look = `
console.log('env', JSON.stringify(Object.keys(process.env).filter((name) => name.startsWith('RESIL_AGENT'))))
console.log('child', require('child_process').execFileSync('env').toString().includes('${AGENT_ORDERS}'))
${serve}`
    const worker = await start(look, standby)
    await worker.line(/^env \[\]$/)
    await worker.line(/^child false$/)
    worker.kill('SIGKILL')
    await worker.exit()
    const broken = await start(serve, { env: { [AGENT_ORDERS]: '{' } })
    await broken.line(/^listens/)
    broken.kill('SIGKILL')
    await broken.exit()
  })
})
