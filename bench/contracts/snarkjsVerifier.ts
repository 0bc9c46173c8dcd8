/** snarkjs' own Solidity verifier on our Groth16 proof (3 public inputs): the peer's figure from the same run. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { decodeFunctionResult, encodeFunctionData, parseAbi, type Hex } from 'viem';
import type { ChainClient } from '../../src/chain/index.js';
import { listChallenge, statementDigest, statementList, type Statement } from '../../src/statement/statement.js';
import type { ProveResult } from '../../prover/prove.js';
import type { SetupKeys } from '../../prover/setup/index.js';
import { mined } from './flow.js';

const require = createRequire(import.meta.url);
const ABI = parseAbi(['function verifyProof(uint256[2] a, uint256[2][2] b, uint256[2] c, uint256[3] inputs) view returns (bool)']);

interface Exporter { exportSolidityVerifier(zkey: string, templates: { groth16: string }): Promise<string> }
interface Solc { compile(input: string): string }

/** @throws Error when it does not compile or refuses the proof */
export async function snarkjsVerifierGas(client: ChainClient, keys: SetupKeys, { proof }: ProveResult, statement: Statement): Promise<bigint> {
  const { zKey } = (await import('snarkjs')) as unknown as { zKey: Exporter };
  const template = readFileSync(join(dirname(require.resolve('snarkjs')), '..', 'templates', 'verifier_groth16.sol.ejs'), 'utf8');
  const source = await zKey.exportSolidityVerifier(keys.payout.zkey, { groth16: template });
  const solc = require('solc') as Solc;
  const output = JSON.parse(solc.compile(JSON.stringify({
    language: 'Solidity', sources: { 'v.sol': { content: source } },
    settings: { optimizer: { enabled: true, runs: 20000 }, evmVersion: 'cancun', outputSelection: { '*': { '*': ['evm.bytecode.object'] } } },
  }))) as { contracts?: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>; errors?: { formattedMessage: string }[] };
  const contract = Object.values(output.contracts?.['v.sol'] ?? {})[0];
  if (!contract) throw new Error(`snarkjs verifier does not compile: ${output.errors?.[0]?.formattedMessage}`);
  const hash = await client.walletClient!.sendTransaction({ data: `0x${contract.evm.bytecode.object}` });
  const { contractAddress } = await client.publicClient.waitForTransactionReceipt({ hash });

  const { gammaList, evaluation } = listChallenge(proof.gammaPrime, statementList(statement, statementDigest(statement), proof));
  const { a, b, c } = proof.groth16;
  const data: Hex = encodeFunctionData({ abi: ABI, functionName: 'verifyProof', args: [[a.x, a.y], [[b.x[1], b.x[0]], [b.y[1], b.y[0]]], [c.x, c.y], [proof.gammaPrime, gammaList, evaluation]] });
  // It does not revert on a false proof: ask first, with gas to spare.
  const answer = await client.publicClient.call({ to: contractAddress!, data, gas: 3_000_000n });
  if (!answer.data || !decodeFunctionResult({ abi: ABI, functionName: 'verifyProof', data: answer.data })) throw new Error('snarkjs verifier refuses the proof');
  return mined(client, contractAddress!, data);
}
