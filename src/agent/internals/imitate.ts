// A replacement that looks like what it replaces, to whoever compares names and lengths (mocking and APM libraries do).

// biome-ignore lint/complexity/noBannedTypes: any function at all
export function imitate<Replacement extends Function>(replacement: Replacement, original: Function): Replacement {
  for (const property of ['name', 'length'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(original, property)
    if (descriptor) Object.defineProperty(replacement, property, descriptor)
  }
  return replacement
}
