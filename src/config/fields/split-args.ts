// Splits a line of arguments as a shell would, without expanding anything: `--title "my app" -r ./a\ b.js`.

export type SplitArgs =
  | { readonly ok: true; readonly args: readonly string[] }
  | { readonly ok: false; readonly problem: string }

/** Single quotes are literal; in double quotes a backslash escapes `"` and itself; outside it escapes anything. */
export function splitArgs(line: string): SplitArgs {
  const args: string[] = []
  let word: string | undefined
  let quote: '"' | "'" | undefined
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string
    if (quote !== undefined) {
      if (char === quote) quote = undefined
      else if (char === '\\' && quote === '"' && /["\\]/.test(line[at + 1] ?? '')) word = (word ?? '') + line[++at]
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) args.push(word)
      word = undefined
    } else if (char === '\\' && at + 1 < line.length) word = (word ?? '') + line[++at]
    else word = (word ?? '') + char
  }
  if (quote !== undefined) return { ok: false, problem: `a ${quote} is opened and never closed` }
  if (word !== undefined) args.push(word)
  return { ok: true, args }
}
