#!/usr/bin/env node
'use strict'

const { main } = require('../dist/cli/main.cjs')

main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})
