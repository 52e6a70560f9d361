// Where this process's limits stand: the folders of its cgroup, from its own up to the root of what is mounted. cgroup v2, v1 and both
// at once (hybrid). Pure over `readFile`; which file holds what is for limits.ts and oom-kills.ts.
// https://docs.kernel.org/admin-guide/cgroup-v2.html, https://man7.org/linux/man-pages/man7/cgroups.7.html

/** The text of a file, or undefined where it can't be read. */
export type ReadFile = (path: string) => string | undefined

export interface CgroupFolders {
  readonly version: 1 | 2
  /** The process's own first, the mount's root last. */
  readonly folders: readonly string[]
}

/** All hierarchies that can limit the given controller. */
export function cgroupFolders(controller: 'cpu' | 'memory', readFile: ReadFile): CgroupFolders[] {
  const memberships = parseMemberships(readFile('/proc/self/cgroup') ?? '')
  const mounts = parseMounts(readFile('/proc/self/mountinfo') ?? '')
  return mounts.flatMap((mount) => {
    const version = mount.type === 'cgroup2' ? 2 : 1
    if (version === 1 && !mount.options.includes(controller)) return []
    const path = memberships.find(({ controllers }) =>
      version === 2 ? controllers.length === 0 : controllers.includes(controller),
    )?.path
    return path === undefined ? [] : [{ version, folders: upwards(mount.point, within(path, mount.root)) } as const]
  })
}

interface Membership {
  /** Empty: the v2 hierarchy. */
  readonly controllers: readonly string[]
  readonly path: string
}

/** `4:memory:/docker/abc`, `0::/user.slice` */
function parseMemberships(text: string): Membership[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line)
    if (match === null) return []
    const [, controllers = '', path = '/'] = match
    return [{ controllers: controllers === '' ? [] : controllers.split(','), path }]
  })
}

interface Mount {
  /** The cgroup that is visible at `point`; "/" under a cgroup namespace or on the host. */
  readonly root: string
  readonly point: string
  readonly type: string
  readonly options: readonly string[]
}

/** `35 31 0:32 /root /point rw,relatime shared:9 - cgroup cgroup rw,memory` */
function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root = '/', point = ''] = before.split(' ')
    const [type = '', , options = ''] = after.split(' ')
    if (type !== 'cgroup' && type !== 'cgroup2') return []
    return [{ root: unescapeMount(root), point: unescapeMount(point), type, options: options.split(',') }]
  })
}

/** Spaces and the like are octal in mountinfo. */
function unescapeMount(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/**
 * The part of a cgroup's path that lies below what is mounted. A container without a cgroup namespace sees the host's path in
 * /proc/self/cgroup, and its own cgroup as the mount's root; a path from elsewhere (`/../..`) says only that we are at the root or above.
 */
function within(path: string, root: string): string[] {
  const base = root === '/' ? '' : root
  if (path !== base && !path.startsWith(`${base}/`)) return []
  const steps = path
    .slice(base.length)
    .split('/')
    .filter((step) => step !== '')
  return steps.includes('..') ? [] : steps
}

function upwards(point: string, steps: readonly string[]): string[] {
  return Array.from({ length: steps.length + 1 }, (_, up) => [point, ...steps.slice(0, steps.length - up)].join('/'))
}
