import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { KERNEL_NAMES, selectKernels, type KernelName } from '../../../prover/kernels/index.js';
import { UnknownKernelsError } from '../../../src/errors/kernels.js';
import { testableIsas } from '../../support/native.js';

const { skip } = await testableIsas();

describe('selectKernels', () => {
  const before = process.env.ZKATTR_KERNELS;
  afterEach(() => {
    if (before === undefined) delete process.env.ZKATTR_KERNELS;
    else process.env.ZKATTR_KERNELS = before;
  });
  const nameOf = async (name?: KernelName): Promise<string> => {
    const kernels = await selectKernels(name, { threads: 1 });
    await kernels.close();
    return kernels.name;
  };

  for (const name of KERNEL_NAMES) {
    it(`returns the ${name} backend by its name`, { skip: name === 'native' && skip }, async () => assert.equal(await nameOf(name), name));
  }
  it('takes ZKATTR_KERNELS without a name, the best that runs without either; a name wins', async () => {
    process.env.ZKATTR_KERNELS = 'reference';
    assert.equal(await nameOf(), 'reference');
    assert.equal(await nameOf('portable'), 'portable');
    delete process.env.ZKATTR_KERNELS;
    assert.equal(await nameOf(), skip ? 'portable' : 'native');
  });
  it('lists the valid names when it does not know one', async () => {
    process.env.ZKATTR_KERNELS = 'quantum';
    await assert.rejects(selectKernels(), (error: unknown) => {
      assert.ok(error instanceof UnknownKernelsError);
      assert.equal(error.code, 'UNKNOWN_KERNELS');
      assert.match(error.message, /ZKATTR_KERNELS.*reference, portable, native.*quantum/);
      return true;
    });
    await assert.rejects(selectKernels('toString' as KernelName), UnknownKernelsError);
  });
  it('lets the process end, closed or not', async () => {
    const url = new URL('../../../prover/kernels/index.js', import.meta.url).href;
    for (const close of ['await kernels.close();', '']) {
      const script = `const { selectKernels } = await import('${url}');
        const kernels = await selectKernels('portable', { threads: 2 });
        await kernels.foldAll([new Uint8Array(32 << 15)], 3n); ${close}`;
      await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 });
    }
  });
});
