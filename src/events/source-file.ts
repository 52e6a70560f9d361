// Where code stands, as a person opens it: a path instead of a file: URL.

/** null: native code, or source without a name. */
export function sourceFile(url: string | undefined): string | null {
  if (url === undefined || url === '') return null
  if (!url.startsWith('file://')) return url
  try {
    return decodeURIComponent(url.slice('file://'.length))
  } catch {
    return url
  }
}
