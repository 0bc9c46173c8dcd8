import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address, Hex } from 'viem';
import { replayPayments, replayVault, type PaymentEvent, type VaultEvent } from '../../../src/audit/ledger.js';

const account = (n: number): Address => `0x${n.toString(16).padStart(40, 'A')}`;
const [alice, bob] = [1, 2].map(account);
const JOB: Hex = '0x01', OTHER: Hex = '0x02';
type Plain<T> = T extends unknown ? Omit<T, 'blockNumber' | 'logIndex'> : never;
const listed = <T>(events: readonly Plain<T>[]): T[] => events.map((e, i) => ({ ...e, blockNumber: BigInt(i), logIndex: 0 }) as T);
const vault = (...events: Plain<VaultEvent>[]): ReturnType<typeof replayVault> => replayVault(listed<VaultEvent>(events));
const booked: Plain<VaultEvent>[] = [
  { type: 'jobCredited', jobId: JOB, account: alice, amount: 10n, period: 3n }, { type: 'jobCredited', jobId: JOB, account: bob, amount: 5n, period: 3n },
  { type: 'jobCredited', jobId: OTHER, account: alice, amount: 7n, period: 3n }, { type: 'credited', account: alice, amount: 2n },
];

describe('ledger of the reward vault', () => {
  it('adds credits by period, and takes claims out of every period that they name', () => {
    const { balances, owed, held, faults } = vault(...booked, { type: 'claimed', account: alice, amount: 19n, periods: [0n, 3n, 3n] });
    assert.deepEqual([...balances.get(alice.toLowerCase())!], [[3n, 0n], [0n, 0n]]);
    assert.equal(balances.get(bob.toLowerCase())!.get(3n), 5n);
    assert.deepEqual({ owed, held, faults }, { owed: 5n, held: 0n, faults: [] });
  });

  it('takes a held job out of its period, and gives it back when released', () => {
    const during = vault(...booked, { type: 'held', jobId: JOB, amount: 15n });
    assert.equal(during.balances.get(alice.toLowerCase())!.get(3n), 7n);
    assert.deepEqual([during.owed, during.held, during.faults], [24n, 15n, []]);
    const after = vault(...booked, { type: 'held', jobId: JOB, amount: 15n }, { type: 'credited', account: alice, amount: 10n, returns: JOB }, { type: 'credited', account: bob, amount: 5n, returns: JOB }, { type: 'released', jobId: JOB, amount: 15n });
    assert.deepEqual([after.owed, after.held, after.faults], [24n, 0n, []]);
    assert.equal(after.balances.get(bob.toLowerCase())!.get(0n), 5n);
  });

  it('gives a reversed job to whoever is refunded', () => {
    const after = vault(...booked, { type: 'held', jobId: JOB, amount: 15n }, { type: 'credited', account: bob, amount: 15n, returns: JOB }, { type: 'reversed', jobId: JOB, amount: 15n });
    assert.deepEqual([after.owed, after.held, after.faults], [24n, 0n, []]);
    assert.equal(after.balances.get(alice.toLowerCase())!.get(3n), 7n);
  });

  it('names a claim, a hold or a release that the credits do not give', () => {
    assert.match(vault(...booked, { type: 'claimed', account: bob, amount: 6n, periods: [3n] }).faults[0], /claim of 0x.* is 6, the other events give 5/);
    assert.match(vault(...booked, { type: 'held', jobId: JOB, amount: 16n }).faults[0], /hold of job 0x01 is 16, the other events give 15/);
    assert.match(vault(...booked, { type: 'claimed', account: alice, amount: 19n, periods: [0n, 3n] }, { type: 'held', jobId: JOB, amount: 15n }).faults[0], /balance of period 3 falls below 0/);
    assert.match(vault(...booked, { type: 'held', jobId: JOB, amount: 15n }, { type: 'credited', account: bob, amount: 14n, returns: JOB }, { type: 'reversed', jobId: JOB, amount: 15n }).faults[0], /given back of job 0x01 is 14, the other events give 15/);
  });
});

describe('ledger of payments', () => {
  it('keeps a fee open until it is settled or refunded, once', () => {
    const events: Plain<PaymentEvent>[] = [
      { type: 'paid', key: '0xa1', fee: 5n }, { type: 'paid', key: '0xa2', fee: 6n }, { type: 'paid', key: '0xa3', fee: 7n }, { type: 'paid', key: '0xa4', fee: 8n },
      { type: 'refunded', key: '0xa2' }, { type: 'blockSettled', keys: ['0xa1', '0xa2', '0xa3'] },
      { type: 'refunded', key: '0xa1' }, // the court reversed the job: the fee had left
    ];
    assert.deepEqual(replayPayments(listed<PaymentEvent>(events)), { open: 8n, settled: 12n, refunded: 6n });
  });
});
