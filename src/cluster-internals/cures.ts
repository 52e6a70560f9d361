// Which of node:cluster's defects are cured here, on this Node. Each cure leans on something that Node does not promise; what is
// missing is noticed as early as it can be, told once, and then everything goes as under plain node:cluster.

import netOfNode from 'node:net'

export type Cure =
  /** Connections that were on their way to a dead worker get another one. */
  | 'rescue'
  /** A port whose last worker died stays open while a replacement is due. */
  | 'holdTheDoor'
  /** A chosen worker can be given a connection: rotation, stickiness, probes of one worker. */
  | 'handOff'
  /** The second app on a port is refused. */
  | 'appPorts'

export type CureState = 'on' | `off: ${string}`

/** What is lost without it, for the one warning. */
const LOSS: Readonly<Record<Cure, string>> = {
  rescue: 'a connection that is on its way to a worker when that dies hangs',
  holdTheDoor: 'a port is refused while none of its workers lives',
  handOff: 'workers can be neither taken out of rotation nor probed one by one, and sticky has no effect',
  appPorts: 'two apps that listen on one port share it',
}

export class Cures {
  readonly #states: Record<Cure, CureState> = { rescue: 'on', holdTheDoor: 'on', handOff: 'on', appPorts: 'on' }
  readonly #warn: (message: string) => void

  constructor(warn: (message: string) => void) {
    this.#warn = warn
  }

  get states(): Readonly<Record<Cure, CureState>> {
    return { ...this.#states }
  }

  isOn(cure: Cure): boolean {
    return this.#states[cure] === 'on'
  }

  /** `reason` completes "this Node …". The first reason stays. */
  turnOff(cure: Cure, reason: string): void {
    if (!this.isOn(cure)) return
    this.#states[cure] = `off: this Node ${reason}`
    this.#warn(`this Node ${reason}, so ${LOSS[cure]}`)
  }
}

/** The part of node:net that is leant on. */
export type NetModule = Pick<typeof netOfNode, 'Server' | 'createServer'>

/** At the start, before the first fork: on a real listening server, for a moment. */
export async function examineNet(cures: Cures, net: NetModule = netOfNode): Promise<void> {
  const descriptor = Object.getOwnPropertyDescriptor(net, 'createServer')
  if (descriptor?.writable !== true) cures.turnOff('holdTheDoor', 'does not let net.createServer be wrapped')
  if (typeof (net.Server.prototype as { _listen2?: unknown })._listen2 !== 'function') {
    cures.turnOff('holdTheDoor', 'has no net.Server._listen2')
  }
  const server = new net.Server()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, resolve)
    })
  } catch {
    // No loopback, no descriptors: nothing was learnt, and whoever needs them will say so.
    return
  }
  const { _handle: handle } = server as unknown as { readonly _handle?: { readonly onconnection?: unknown } | null }
  if (typeof handle?.onconnection !== 'function') {
    const reason = "keeps a server's accepted connections elsewhere than in _handle.onconnection"
    cures.turnOff('holdTheDoor', reason)
    cures.turnOff('handOff', reason)
  }
  server.close()
}
