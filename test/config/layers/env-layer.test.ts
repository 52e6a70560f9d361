import { expect, test } from 'vitest'
import { envNameOf, mistypedEnv, readEnv } from '../../../src/config/layers/env-layer.ts'
import { appFields, supervisorFields } from '../../../src/config/layers/gather.ts'
import { lineOf } from '../../../src/config/problems/problems.ts'

const fields = [...appFields, ...supervisorFields]

test('names come from the path, and no two settings share one', () => {
  const names = fields.map(envNameOf).filter((name) => name !== undefined)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(
    expect.arrayContaining(['RESIL_INSTANCES', 'RESIL_NAME', 'RESIL_SHUTDOWN_KILL_AFTER', 'RESIL_LOG_LEVEL']),
  )
})

test('lists and records have none: they do not fit into a line', () => {
  const without = fields.filter((field) => envNameOf(field) === undefined).map(({ key }) => key)
  expect(without).toEqual(['env', 'restart.stopExitCodes', 'dependsOn'])
})

test('text is read as what the setting is', () => {
  const { layer, problems } = readEnv(
    {
      RESIL_INSTANCES: '4',
      RESIL_SHUTDOWN_DEADLINE: '25000',
      RESIL_LOG_CAPTURE: 'false',
      RESIL_RELOAD_SURGE: '2',
      RESIL_RESTART_STORM_MAX: 'auto',
      RESIL_NAME: '007',
      RESIL_NODE_ARGS: '--a --b',
      RESIL_LOG_FORMAT: '',
    },
    fields,
  )
  expect(problems).toEqual([])
  expect(Object.fromEntries([...layer].map(([key, { value }]) => [key, value]))).toEqual({
    instances: 4,
    'shutdown.deadline': 25_000,
    'log.capture': false,
    'reload.surge': 2,
    'restart.storm.max': 'auto',
    name: '007',
    nodeArgs: '--a --b',
  })
})

test.each([
  ['RESIL_INSTANCES', '0', '0 is not a number of workers: a whole number from 1 to 1024, "auto" or "max"'],
  ['RESIL_INSTANCES', 'banana', '"banana" is not a number of workers: a whole number from 1 to 1024, "auto" or "max"'],
  ['RESIL_READY_TIMEOUT', '30x', '"30x" is not a duration: unit "x" is unknown (use ms, s, m, h or d)'],
  ['RESIL_LOG_CAPTURE', 'maybe', '"maybe" is not true or false'],
  ['RESIL_LOG_LEVEL', 'inf', '"inf" is not one of "debug", "info", "warn", "error", "silent"; did you mean "info"?'],
])('%s=%s is refused by its name', (name, text, message) => {
  expect(readEnv({ [name]: text }, fields).problems.map(lineOf)).toEqual([`${name}: ${message}`])
})

test('a secret that is wrong is not repeated', () => {
  expect(readEnv({ RESIL_ADMIN_TOKEN: 'hunter2' }, fields).problems.map(lineOf)).toEqual([
    'RESIL_ADMIN_TOKEN: is not text of 8 characters or more, without spaces',
  ])
})

test('what Kubernetes sets for a service of the name "resil-admin" is not taken for the port', () => {
  const env = {
    RESIL_ADMIN_PORT: 'tcp://10.0.0.7:9464',
    RESIL_ADMIN_PORT_9464_TCP_ADDR: '10.0.0.7',
    RESIL_ADMIN_SERVICE_HOST: '10.0.0.7',
  }
  const { layer, problems } = readEnv(env, fields)
  expect([...layer.keys(), ...problems]).toEqual([])
})

test('a slip of the pen is told, other variables are left alone', () => {
  const env = {
    RESIL_INSTANCE: '3',
    RESIL_SOCKET: '/x',
    RESIL_RUNTIME_DIR: '/y',
    RESIL_SERVICE_HOST: '10.0.0.1',
    RESIL_PORT: 'tcp://10.0.0.1:80',
    PATH: '/bin',
  }
  expect(mistypedEnv(env, fields)).toEqual(['RESIL_INSTANCE is not read; did you mean RESIL_INSTANCES?'])
})
