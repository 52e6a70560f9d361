// What the machine, or the container, gives: an argument to the settings, so that they can be resolved for any machine in a test.
// process/machine/ finds it out.

export interface CpuCount {
  /** At least 1. */
  readonly count: number
  /** In words: "2 CPUs by cgroup quota (cpu.max 200000 100000)". */
  readonly reason: string
}

export interface MachineFacts {
  /** Affinity and cgroup quota: what `auto` means. */
  readonly cpus: CpuCount
  /** Affinity alone: what `max` means. */
  readonly cpusByAffinity: CpuCount
  readonly memory: { readonly limitBytes: number | null; readonly reason: string }
  readonly container: 'none' | 'container' | 'kubernetes'
}
