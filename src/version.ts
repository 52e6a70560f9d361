// The version, put in by the build; "dev" when sources run unbuilt.

declare const __RESIL_VERSION__: string | undefined

export const VERSION: string = typeof __RESIL_VERSION__ === 'string' ? __RESIL_VERSION__ : 'dev'
