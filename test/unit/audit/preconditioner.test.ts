import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { checkPreconditioner, MIN_COSINE } from '../../../src/audit/preconditioner.js';
import { AuditMismatchError } from '../../../src/errors/audit.js';
import { buildDemoBundle, type ModelBundle } from '../../../src/models/index.js';
import { sizeClass } from '../../../src/statement/classes.js';

describe('replay of the preconditioner', () => {
  let bundle: ModelBundle;
  before(async () => { bundle = await buildDemoBundle({ sizeClass: sizeClass('16x16') }); });

  it('agrees with the registered A*, B* up to quantisation', () => {
    const { minCosine, maxNormError } = checkPreconditioner(bundle);
    assert.ok(minCosine > MIN_COSINE && maxNormError < 0.1, `${minCosine}, ${maxNormError}`);
  });

  it('finds a query side without preconditioning, and another damping', () => {
    const { adapter, manifest } = bundle;
    const altered: [Partial<ModelBundle>, RegExp][] = [
      [{ adapter: { ...adapter, queryA: adapter.A } }, /^model\/queryA\.i8: layer 0: direction differs from P A/],
      [{ adapter: { ...adapter, queryB: adapter.B } }, /^model\/queryB\.i8: layer 0: direction differs from P B/],
      [{ adapter: { ...adapter, queryA: new Int8Array(adapter.A.length) } }, /^model\/queryA\.i8: layer 0/],
      [{ manifest: { ...manifest, damping: 0.1 } }, /damping 0\.1/],
      [{ manifest: { ...manifest, scales: { ...manifest.scales, queryA: manifest.scales.queryA * 2 } } }, /^model\/manifest\.json: damping, or scales/],
    ];
    for (const [change, expected] of altered) {
      assert.throws(() => checkPreconditioner({ ...bundle, ...change }), (error) => error instanceof AuditMismatchError && expected.test(error.message));
    }
  });
});
