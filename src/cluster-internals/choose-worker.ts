// Which of several workers a connection goes to. Pure.

export interface Candidate {
  readonly slot: number
  /** Counts up with every fork. */
  readonly id: number
  /** Connections that it was given and has not taken yet: a busy event loop takes late. */
  readonly unanswered: number
}

/** The one with the fewest unanswered connections; among equals the next after the one that had the last turn. */
export function leastBusy<C extends Candidate>(candidates: readonly C[], lastId: number): C | undefined {
  const fewest = Math.min(...candidates.map(({ unanswered }) => unanswered))
  const equal = candidates.filter(({ unanswered }) => unanswered === fewest).sort((a, b) => a.id - b.id)
  return equal.find(({ id }) => id > lastId) ?? equal[0]
}

/**
 * The same client gets the same slot for as long as it exists: each slot draws a number for the client, and the highest wins
 * (rendezvous hashing, Thaler and Ravishankar 1998). A slot that goes moves its own clients only; one that comes takes an even
 * share from each. Where a slot has two workers, in a reload, the older one has the client's session until it drains.
 */
export function byClient<C extends Candidate>(candidates: readonly C[], client: string): C | undefined {
  let best: { readonly candidate: C; readonly draw: number } | undefined
  for (const candidate of candidates) {
    const draw = drawFor(client, candidate.slot)
    const isBetter =
      best === undefined ||
      draw > best.draw ||
      (draw === best.draw &&
        (candidate.slot === best.candidate.slot
          ? candidate.id < best.candidate.id
          : candidate.slot < best.candidate.slot))
    if (isBetter) best = { candidate, draw }
  }
  return best?.candidate
}

/** A dual-stack listener sees IPv4 clients as ::ffff:1.2.3.4, another one as 1.2.3.4. */
export function clientOf(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}

/** FNV-1a over the address, then murmur3's finalizer, which makes neighbours (10.0.0.1, 10.0.0.2) unlike. 32 bits. */
function drawFor(client: string, slot: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(slot + 1, 0x9e3779b1)
  for (let i = 0; i < client.length; i += 1) hash = Math.imul(hash ^ client.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
