// Whether resil runs in a container, and whether Kubernetes runs that: who kills a slow stop, and when, depends on it.

import type { MachineFacts } from '../../config/machine-facts.ts'
import type { ReadFile } from './cgroup-files.ts'

/** What container runtimes call their cgroups. */
const RUNTIME_CGROUP = /[/:.-](docker|containerd|crio|cri-o|libpod|podman|lxc|garden|ecs|kubepods)\b/

export function detectContainer(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
  exists: (path: string) => boolean,
): MachineFacts['container'] {
  const cgroup = readFile('/proc/self/cgroup') ?? ''
  if (env.KUBERNETES_SERVICE_HOST || /kubepods/.test(cgroup)) return 'kubernetes'
  // podman and systemd-nspawn set `container`.
  if (env.container || exists('/.dockerenv') || exists('/run/.containerenv')) return 'container'
  return RUNTIME_CGROUP.test(cgroup) ? 'container' : 'none'
}
