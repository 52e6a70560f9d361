// What is wrong with a config file before anybody looks at its settings: it can't be read, parsed or run.

export interface Position {
  readonly line: number
  readonly column: number
}

export class ConfigFault extends Error {
  readonly position: Position | undefined

  constructor(message: string, position?: Position) {
    super(message)
    this.name = 'ConfigFault'
    this.position = position
  }
}
