import { describe, expect, it } from 'vitest'
import { reapply } from '../../src/config/reapply.ts'
import type { AppSettings, Settings } from '../../src/config/settings.ts'
import { appSettings, supervisorSettings } from '../support/simulation.ts'

const of = (apps: readonly AppSettings[], wide: Partial<Settings> = {}): Settings => ({
  ...supervisorSettings(apps),
  ...wide,
})
const read = (running: Settings, fresh: Settings, base: Readonly<Record<string, string>> | null = null, own = {}) =>
  reapply(running, fresh, { own, base, isSecret: () => false })
const web = appSettings({ name: 'web' })
const jobs = appSettings({ name: 'jobs' })

describe('settings that were read again', () => {
  it('are taken over by the app of the same name', () => {
    const { apps, notApplied } = read(of([web, jobs]), of([appSettings({ name: 'web', instances: 5 }), jobs]))
    expect(apps.get('web')).toMatchObject({
      settings: { name: 'web', instances: 5 },
      changes: { settings: [{ key: 'instances', from: '2', to: '5' }], notApplied: [] },
    })
    expect(apps.get('jobs')?.changes.settings).toEqual([])
    expect(notApplied).toEqual([])
  })

  it('lose variables that are gone, and say so', () => {
    const running = of([appSettings({ env: { KEPT: '1', GONE: '1' } })])
    const { apps } = read(running, of([appSettings({ env: { KEPT: '1' } })]))
    expect(apps.get('web')?.settings?.env).toEqual({ KEPT: '1' })
    expect(apps.get('web')?.changes.env).toEqual({ added: [], removed: ['GONE'], changed: [] })
  })

  it('do not change what an app depends on, and say so', () => {
    const { apps } = read(of([web, jobs]), of([appSettings({ name: 'web', dependsOn: ['jobs'] }), jobs]))
    expect(apps.get('web')?.settings?.dependsOn).toEqual([])
    expect(apps.get('web')?.changes).toMatchObject({
      settings: [],
      notApplied: [{ key: 'dependsOn', from: '(none)', to: 'jobs' }],
    })
  })

  it('do not change how an app listens', () => {
    const { apps } = read(of([web]), of([appSettings({ reusePort: true })]))
    expect(apps.get('web')?.settings?.reusePort).toBe(false)
    expect(apps.get('web')?.changes.notApplied).toEqual([{ key: 'reusePort', from: 'false', to: 'true' }])
  })

  it('of the supervisor need a restart', () => {
    const { notApplied } = read(
      of([web]),
      of([web], {
        schedule: 'shared',
        log: { ...supervisorSettings([]).log, level: 'debug', maxSizeBytes: 2_097_152 },
      }),
    )
    expect(notApplied).toEqual([
      { key: 'schedule', from: 'round-robin', to: 'shared' },
      { key: 'log.level', from: 'info', to: 'debug' },
      { key: 'log.maxSize', from: '1000000b', to: '2mb' },
    ])
  })

  it('tell which apps are new, and which are gone and run on', () => {
    const other = appSettings({ name: 'other' })
    const { apps, notApplied } = read(of([web, jobs]), of([web, other]))
    expect([...apps.keys()]).toEqual(['web'])
    expect(notApplied).toEqual([
      { key: 'apps', from: 'jobs', to: null },
      { key: 'apps', from: null, to: 'other' },
    ])
  })

  it('of an only app are its own under another name too, which waits for a restart', () => {
    const { apps, notApplied } = read(
      of([web], { name: 'web' }),
      of([appSettings({ name: 'shop', args: ['x'] })], { name: 'shop' }),
    )
    expect(apps.get('web')?.settings).toMatchObject({ name: 'web', args: ['x'] })
    expect(notApplied).toEqual([{ key: 'name', from: 'web', to: 'shop' }])
  })
})

describe('the environment below the config', () => {
  const own = { PATH: '/bin', STAGE: 'old', SECRET: 'x' }

  it("is the supervisor's own, as long as nobody asks for another", () => {
    const { apps } = read(of([web]), of([web]), null, own)
    expect(apps.get('web')?.settings?.baseEnv).toBeNull()
    expect(apps.get('web')?.changes.env).toEqual({ added: [], removed: [], changed: [] })
  })

  it('is replaced as a whole where one is given; the config stays above it', () => {
    const configured = appSettings({ env: { STAGE: 'of the config' } })
    const base = { PATH: '/usr/bin', STAGE: 'new', NEW: '1' }
    const { apps } = read(of([configured]), of([configured]), base, own)
    expect(apps.get('web')?.settings).toMatchObject({ baseEnv: base, env: { STAGE: 'of the config' } })
    expect(apps.get('web')?.changes.env).toEqual({ added: ['NEW'], removed: ['SECRET'], changed: ['PATH'] })
  })

  it('stays what the last reload brought', () => {
    const running = of([appSettings({ baseEnv: { PATH: '/usr/bin' } })])
    const { apps } = read(running, of([web]), null, own)
    expect(apps.get('web')?.settings?.baseEnv).toEqual({ PATH: '/usr/bin' })
    expect(apps.get('web')?.changes.env).toEqual({ added: [], removed: [], changed: [] })
  })
})
