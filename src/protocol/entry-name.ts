// How the supervisor tells the agent what the person calls the entry, where that is a symbolic link. Light: the agent loads it.

/** Set only where the entry's name and its real path differ; the agent takes it out before the app runs. */
export const ENTRY_NAME_VARIABLE = 'RESIL_ENTRY_NAME'
