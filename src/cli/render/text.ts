// Text in columns and lines of limited width. Knows nothing of what it lays out.

/** A cell's text, and what may colour it once its width is settled. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

/** Columns as wide as their widest cell, two spaces apart; the last one is not padded. */
export function columns(rows: readonly (readonly Cell[])[], align: readonly ('left' | 'right')[]): string[] {
  const widths = align.map((_, column) => Math.max(...rows.map((row) => row[column]?.text.length ?? 0)))
  return rows.map((row) =>
    row
      .map(({ text, paint = same }, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - text.length)
        if (align[column] === 'right') return padding + paint(text)
        return column === row.length - 1 ? paint(text) : paint(text) + padding
      })
      .join('  '),
  )
}

function same(text: string): string {
  return text
}

/** Breaks at spaces; a word longer than the line is left whole. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, indent + line]
}

/** Parts of one line, with commas between them; breaks only there, and what goes on is indented. Colours take no room. */
export function flow(parts: readonly string[], width: number, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const part of parts) {
    const longer = line === '' ? part : `${line}, ${part}`
    if (line !== '' && visibleLength(longer) > width - 1) {
      lines.push(`${line},`)
      line = indent + part
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what begins a colour
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '').length
}
