import { expect, test } from 'vitest'
import { detectContainer } from '../../../src/process/machine/container.ts'
import { dockerV1, dockerV2, type Files, kubernetes, laptop, nothing, reader, systemdSlice } from './fixtures.ts'

const none: readonly string[] = []

test.each<[string, Record<string, string>, Files, readonly string[], string]>([
  ['a laptop', {}, laptop, none, 'none'],
  ['a systemd unit', {}, systemdSlice, none, 'none'],
  ['no Linux', {}, nothing, none, 'none'],
  ['docker by its file', {}, dockerV2, ['/.dockerenv'], 'container'],
  ['docker by its cgroup', {}, dockerV1, none, 'container'],
  ['podman by its file', {}, dockerV2, ['/run/.containerenv'], 'container'],
  ['podman or nspawn by its variable', { container: 'podman' }, laptop, none, 'container'],
  ['Kubernetes by its variable', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, dockerV2, ['/.dockerenv'], 'kubernetes'],
  ['Kubernetes by its cgroup', {}, kubernetes, none, 'kubernetes'],
  ['an empty variable', { container: '', KUBERNETES_SERVICE_HOST: '' }, laptop, none, 'none'],
  ['a user who is called docker', {}, { '/proc/self/cgroup': '0::/user.slice/dockerish.scope\n' }, none, 'none'],
])('%s', (_, env, files, existing, expected) => {
  expect(detectContainer(env, reader(files), (path) => existing.includes(path))).toBe(expected)
})
