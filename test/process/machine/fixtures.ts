// Machines as /proc and /sys show them, file by file: what docker, Kubernetes and systemd make of a process.

import type { ReadFile } from '../../../src/process/machine/cgroup-files.ts'

export type Files = Readonly<Record<string, string>>

export function reader(files: Files): ReadFile {
  return (path) => files[path]
}

const V2_MOUNT = (root: string, point = '/sys/fs/cgroup'): string =>
  `24 30 0:22 / /proc rw - proc proc rw\n30 23 0:26 ${root} ${point} ro,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`

const V1_MOUNTS = (root: string): string =>
  ['cpu,cpuacct', 'memory', 'cpuset']
    .map(
      (name, index) =>
        `${40 + index} 35 0:${30 + index} ${root} /sys/fs/cgroup/${name} ro,nosuid master:${index} - cgroup cgroup rw,${name}`,
    )
    .concat('60 35 0:40 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd')
    .join('\n')

/** docker run --cpus 2 --memory 512m on a v2 host: a cgroup namespace, the container sees itself as the root. */
export const dockerV2: Files = {
  '/proc/self/cgroup': '0::/\n',
  '/proc/self/mountinfo': V2_MOUNT('/'),
  '/sys/fs/cgroup/cpu.max': '200000 100000\n',
  '/sys/fs/cgroup/memory.max': '536870912\n',
  '/sys/fs/cgroup/memory.events': 'low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 0\n',
}

/** docker on a v1 host, without a namespace: the host's path, and the container's own cgroup as the root of the mount. */
export const dockerV1: Files = {
  '/proc/self/cgroup':
    '12:cpu,cpuacct:/docker/3f1a\n5:memory:/docker/3f1a\n3:cpuset:/docker/3f1a\n1:name=systemd:/docker/3f1a\n0::/system.slice/containerd.service\n',
  '/proc/self/mountinfo': V1_MOUNTS('/docker/3f1a'),
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '150000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '268435456\n',
  '/sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
}

/** v1 without limits. */
export const unlimitedV1: Files = {
  ...dockerV1,
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
}

const POD = '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice'

/** Kubernetes on v2 without a namespace: the container has no limit of its own, the pod has. */
export const kubernetes: Files = {
  '/proc/self/cgroup': `0::${POD}/cri-containerd-abc.scope\n`,
  '/proc/self/mountinfo': V2_MOUNT('/'),
  [`/sys/fs/cgroup${POD}/cri-containerd-abc.scope/cpu.max`]: 'max 100000\n',
  [`/sys/fs/cgroup${POD}/cri-containerd-abc.scope/memory.max`]: 'max\n',
  [`/sys/fs/cgroup${POD}/cri-containerd-abc.scope/memory.events`]: 'oom 0\noom_kill 0\n',
  [`/sys/fs/cgroup${POD}/cpu.max`]: '50000 100000\n',
  [`/sys/fs/cgroup${POD}/memory.max`]: '1073741824\n',
  '/sys/fs/cgroup/kubepods.slice/cpu.max': '380000 100000\n',
  '/sys/fs/cgroup/kubepods.slice/memory.max': '8589934592\n',
}

/** A systemd unit whose slice allows less than the unit asks for. */
export const systemdSlice: Files = {
  '/proc/self/cgroup': '0::/web.slice/app.service\n',
  '/proc/self/mountinfo': V2_MOUNT('/'),
  '/sys/fs/cgroup/web.slice/app.service/cpu.max': '400000 100000\n',
  '/sys/fs/cgroup/web.slice/app.service/memory.max': '2147483648\n',
  '/sys/fs/cgroup/web.slice/cpu.max': '300000 100000\n',
  '/sys/fs/cgroup/web.slice/memory.max': '1610612736\n',
}

/** A laptop: v2, nothing limited anywhere. */
export const laptop: Files = {
  '/proc/self/cgroup': '0::/user.slice/user-1000.slice/session-2.scope\n',
  '/proc/self/mountinfo': V2_MOUNT('/'),
  '/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/cpu.max': 'max 100000\n',
  '/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/memory.max': 'max\n',
}

/** v1 controllers beside an empty v2 hierarchy, and a quota on the parent only. */
export const hybrid: Files = {
  '/proc/self/cgroup': '4:memory:/jobs/7\n1:cpu:/jobs/7\n0::/\n',
  '/proc/self/mountinfo': [
    '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
    '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
  ].join('\n'),
  '/sys/fs/cgroup/cpu/jobs/7/cpu.cfs_quota_us': '-1\n',
  '/sys/fs/cgroup/cpu/jobs/7/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/cpu/jobs/cpu.cfs_quota_us': '250000\n',
  '/sys/fs/cgroup/cpu/jobs/cpu.cfs_period_us': '50000\n',
  '/sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes': '9223372036854771712\n',
  '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': '104857600\n',
  '/sys/fs/cgroup/memory/jobs/7/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
}

/** A process that was moved out of what its namespace shows. */
export const outsideItsNamespace: Files = {
  ...dockerV2,
  '/proc/self/cgroup': '0::/../../elsewhere\n',
}

/** A mount point with a space, as mountinfo writes it. */
export const oddMountPoint: Files = {
  '/proc/self/cgroup': '0::/a\n',
  '/proc/self/mountinfo': V2_MOUNT('/', '/mnt/c\\040g'),
  '/mnt/c g/a/cpu.max': '100000 100000\n',
}

/** Not Linux, or no /proc. */
export const nothing: Files = {}
