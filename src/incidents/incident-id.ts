// An incident's name: the second in which it began, in six letters and digits. Sorts by time, fits on a phone, and is read out
// without "was that an O?" (Crockford's alphabet has no i, l, o, u). Good until 2059.

const EPOCH_S = Date.UTC(2025, 0, 1) / 1000
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 6

/** Later than `last`, whatever the clock says: two in one second, or after the clock was set back, differ and keep their order. */
export function nextIncidentId(last: string | null, wallMs: number): string {
  const second = Math.max(0, Math.floor(wallMs / 1000) - EPOCH_S)
  const number = last === null ? second : Math.max(second, numberOf(last) + 1)
  return Array.from({ length: LENGTH }, (_, index) => digit(number, LENGTH - 1 - index)).join('')
}

export function isIncidentId(text: string): boolean {
  return text.length === LENGTH && [...text].every((letter) => ALPHABET.includes(letter))
}

function digit(number: number, place: number): string {
  return ALPHABET[Math.floor(number / ALPHABET.length ** place) % ALPHABET.length] ?? '0'
}

function numberOf(id: string): number {
  return [...id].reduce((sum, letter) => sum * ALPHABET.length + ALPHABET.indexOf(letter), 0)
}
