/** Figures of others and of the prototype, to stand beside ours. */
const BOUNDLESS = 'github.com/boundless-xyz/boundless contracts/snapshots, forge snapshot of the call (no base fee), mock verifier';

export const PUBLISHED = [
  { what: "snarkjs' Solidity verifier, 1 public input", gas: 214_546, source: 'measured for this project: snarkjs 0.7.6 template, solc 0.8, transaction on anvil' },
  { what: "snarkjs' Solidity verifier, 4 public inputs", gas: 236_106, source: 'same' },
  { what: "snarkjs' Solidity verifier, 16 public inputs", gas: 321_943, source: 'same' },
  { what: 'prototype, whole verification (4 x 4, two blocks)', gas: 508_000, source: 'docs/PROTOCOL.md section 5' },
  { what: 'Boundless, lock a request signed by its client', gas: 138_960, source: `${BOUNDLESS}: BoundlessMarketBasicTest, lockinRequest: base case, commit 01c1da74` },
  { what: 'Boundless, fulfil one request', gas: 135_330, source: `${BOUNDLESS}: BoundlessMarketBench, fulfill: batch of 001:v2, commit 007c6455` },
  { what: 'Boundless, fulfil 32 requests, each', gas: 59_699, source: `${BOUNDLESS}: BoundlessMarketBench, fulfill: batch of 032:v2 = 1,910,376, commit 007c6455` },
  { what: 'Boundless, slash a lock', gas: 82_351, source: `${BOUNDLESS}: BoundlessMarketBasicTest, slash: base case, commit 01c1da74` },
] as const;
