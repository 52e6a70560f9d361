import { describe, expect, it } from 'vitest'
import { choose } from '../../src/control/choose.ts'

const one = (name: string, dir: string, apps = [name]) => ({
  path: `/run/${name}-${dir.replaceAll('/', '_')}.sock`,
  info: { name, dir, apps, pid: 1, version: '0.1.0' },
})

const web = one('web', '/srv/web')
const shop = one('shop', '/srv/shop', ['web', 'jobs'])
const inner = one('admin', '/srv/web/admin')
const root = one('root', '/')

describe('which supervisor a command means', () => {
  it.each([
    ['the one of this folder', [web, shop], '/srv/web', undefined, web],
    ['the one whose folder holds this one', [web, shop], '/srv/web/src/deep', undefined, web],
    ['the innermost of those', [web, inner], '/srv/web/admin/lib', undefined, inner],
    ['not one whose folder only begins alike', [web, one('x', '/srv/webshop')], '/srv/webshop', undefined, 'x'],
    ['one that belongs to the root folder, from anywhere', [root, web], '/home', undefined, root],
    ['the only one', [shop], '/home', undefined, shop],
    ['the one that has the app', [web, shop], '/home', 'jobs', shop],
    ['the one that has the app of a slot', [web, shop], '/home', 'jobs:2', shop],
    ['the one of that name', [web, shop], '/home', 'shop', shop],
    ['the one that has the app, though another is nearer', [web, shop], '/srv/web', 'jobs', shop],
    ['the nearer of two that have the app', [web, shop], '/srv/shop', 'web', shop],
    ['the one of this folder where nobody has the app', [web, shop], '/srv/shop', 'nope', shop],
    ['the only one where nobody has the app', [web], '/home', 'nope', web],
  ])('%s', (_, running, cwd, target, expected) => {
    const choice = choose(running, { target, cwd })
    const wanted = typeof expected === 'string' ? running.find(({ info }) => info.name === expected) : expected
    expect(choice).toEqual({ ok: true, chosen: wanted })
  })

  it.each([
    [
      'none of them here',
      [web, shop],
      '/home',
      undefined,
      '2 supervisors are running, none of them here: change to its folder, name the app, or use --socket',
    ],
    [
      'two of one folder',
      [web, one('other', '/srv/web')],
      '/srv/web',
      undefined,
      'this folder has 2 supervisors: name the app, or one of them with --socket',
    ],
    [
      'two that have the app',
      [web, shop],
      '/home',
      'web',
      '2 supervisors have web: name one with --socket, or change to its folder',
    ],
    [
      'two of one folder that have the app',
      [web, one('other', '/srv/web', ['web'])],
      '/srv/web',
      'web',
      '2 supervisors of this folder have web: name one with --socket',
    ],
  ])('can not be told: %s', (_, running, cwd, target, message) => {
    const choice = choose(running, { target, cwd })
    if (choice.ok) throw new Error('it chose')
    expect(choice.error).toMatchObject({ code: 'RESIL_AMBIGUOUS', message })
    expect(choice.error.details).toEqual(
      running.map(({ path, info }) => `  ${info.name} (pid 1) of ${info.dir}: --socket ${path}`),
    )
  })
})
