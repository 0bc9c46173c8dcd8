/** The C++ tests of prover/kernels/native/cpp/test, each a program, on every instruction set that this CPU has. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findCompiler } from '../../prover/kernels/native/build/compiler.js';
import { ISAS } from '../../prover/kernels/native/build/isa.js';
import { buildLibrary } from '../../prover/kernels/native/build/library.js';
import { testPrograms } from '../../prover/kernels/native/build/sources.js';
import { testableIsas } from '../support/native.js';

const { isas, skip: why } = await testableIsas();
const skip = why || ((await findCompiler()) ? false : 'no C++ compiler here');
const run = promisify(execFile);

describe('C++ tests', { skip }, () => {
  for (const isa of isas) {
    for (const [name, sources] of testPrograms()) {
      it(`${name} (${isa})`, async (t) => {
        const { path } = await buildLibrary({ name: `test-${name}-${isa}`, flags: ISAS[isa].flags, sources, program: true });
        // A program that finds a fault says where and ends with 1.
        const { stdout } = await run(path, { timeout: 600_000 }).catch((error: { stderr?: string; message: string }) => assert.fail(error.stderr || error.message));
        t.diagnostic(stdout.trim());
      });
    }
  }
});
