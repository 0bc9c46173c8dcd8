import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEther } from 'viem';
import { configJson, localConfig, parseConfig, productionConfig, type EconomyConfigInput } from '../../../src/chain/index.js';

const guardian = '0x00000000000000000000000000000000000000a1';

describe('deployment configuration', () => {
  it('has defaults that read back from their file form', () => {
    for (const config of [localConfig({ guardian }), productionConfig({ guardian, treasury: guardian })]) {
      assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(configJson(config)))), config);
    }
    assert.equal(localConfig({ guardian }).court.auditFee, parseEther('0.1'));
  });

  const bad: [string, Partial<EconomyConfigInput>, string][] = [
    ['a split that is not a whole', { split: { contributors: 6000, node: 2000, prover: 1000, auditors: 500, treasury: 501 } }, 'split'],
    ['an amount that is not one', { stakes: { node: '1e3', adapter: '5', auditor: '20', unbondingSeconds: 1 } }, 'stakes.node'],
    ['an amount beyond 96 bits', { stakes: { node: 1n << 96n, adapter: '5', auditor: '20', unbondingSeconds: 1 } }, 'stakes.node'],
    ['seconds beyond 32 bits', { windows: { settlementSeconds: 2 ** 32, challengeSeconds: 1 } }, 'windows.settlementSeconds'],
    ['a treasury that is no address', { treasury: '0x1' as never }, 'treasury'],
  ];
  for (const [what, change, where] of bad) {
    it(`refuses ${what}`, () => {
      assert.throws(() => localConfig({ guardian, ...change }), { code: 'CONFIG', where });
    });
  }

  it('refuses names that it does not know', () => {
    assert.throws(() => parseConfig({ ...localConfig({ guardian }), owner: guardian }), { code: 'CONFIG' });
  });
});
