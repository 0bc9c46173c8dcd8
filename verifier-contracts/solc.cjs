#!/usr/bin/env node
// Lets forge use the npm compiler: answers --version and --standard-json as the native solc does.
'use strict';
const solc = require('solc');
const { readFileSync } = require('node:fs');
const { resolve } = require('node:path');

const args = process.argv.slice(2);
if (args.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace('.Emscripten.clang', '.Linux.g++')}\n`);
} else if (args.includes('--standard-json')) {
  // forge leaves out files that dependencies above its root import from each other; the native compiler reads them itself.
  const load = (path) => {
    try {
      return { contents: readFileSync(resolve(__dirname, path), 'utf8') };
    } catch (error) {
      return { error: error.message };
    }
  };
  process.stdout.write(solc.compile(readFileSync(0, 'utf8'), { import: load }));
} else {
  process.stderr.write(`solc.cjs: unsupported arguments ${args.join(' ')}\n`);
  process.exitCode = 1;
}
