/** The real verifier contract on a local chain, asked by eth_call: no transaction, some milliseconds a proof. */
import { BaseError, decodeErrorResult, encodeFunctionData, getContractAddress, type Address, type Hex } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { attributionVerifierAbi, attributionVerifierBytecode, contractErrorsAbi } from '../../src/chain/generated/contracts.js';
import { addClass, chainError, connectChain, contractFeaturesStatement, contractKey, contractPayoutStatement, contractProof, developmentTauHash, startAnvil, type Anvil, type ChainClient } from '../../src/chain/index.js';
import type { SetupKeys } from '../../prover/setup/keys.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import type { AttributionProof } from '../../src/verify/proof.js';

export const LOCAL_CHAIN_ID = 31337;
const DEPLOYER = mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: 0 });
/** The first contract of the deployer: known before the chain runs, so that proofs can be made for it. */
export const VERIFIER_ADDRESS = getContractAddress({ from: DEPLOYER.address, nonce: 0n });

export class OnchainVerifier {
  private constructor(readonly anvil: Anvil, readonly client: ChainClient, readonly address: Address) {}

  static async start(cls: SizeClass, keys: SetupKeys): Promise<OnchainVerifier> {
    const anvil = await startAnvil({ chainId: LOCAL_CHAIN_ID });
    const client = await connectChain({ rpcUrl: anvil.rpcUrl, chainId: LOCAL_CHAIN_ID, account: DEPLOYER });
    const chain = new OnchainVerifier(anvil, client, await deploy(client));
    await chain.addClass(chain.address, cls, keys);
    return chain;
  }

  /** Another verifier with the same keys, at another address. */
  async another(cls: SizeClass, keys: SetupKeys): Promise<Address> {
    const address = await deploy(this.client);
    await this.addClass(address, cls, keys);
    return address;
  }

  private async addClass(address: Address, cls: SizeClass, keys: SetupKeys): Promise<void> {
    for (const relation of ['features', 'payout'] as const) await addClass(this.client, address, cls, relation, contractKey(keys[relation].vk), true);
  }

  /** 'accepted', or the name of the custom error, or 'reverted'. */
  async verdict(statement: Statement, proof: AttributionProof, to: Address = this.address): Promise<string> {
    return this.call(calldata(statement, proof), to);
  }

  async call(data: Hex, to: Address = this.address): Promise<string> {
    try {
      await this.client.publicClient.call({ to, data, gas: 30_000_000n });
      return 'accepted';
    } catch (error) {
      const raw = error instanceof BaseError ? (error.walk((e) => typeof (e as { data?: unknown }).data === 'string') as { data?: Hex } | null)?.data : undefined;
      if (raw === undefined && !(error instanceof BaseError && /revert/i.test(error.message))) throw chainError('eth_call', error);
      return raw ? errorName(raw) : 'reverted';
    }
  }

  stop(): Promise<void> {
    return this.anvil.stop();
  }
}

async function deploy(client: ChainClient): Promise<Address> {
  const hash = await client.walletClient!.deployContract({ abi: attributionVerifierAbi, bytecode: attributionVerifierBytecode, args: [DEPLOYER.address, developmentTauHash()] });
  return (await client.publicClient.waitForTransactionReceipt({ hash })).contractAddress!;
}

/** Calldata of verifyPayout or verifyFeatures. */
export function calldata(statement: Statement, proof: AttributionProof): Hex {
  const { opening, proof: groth16 } = contractProof(proof);
  return statement.relation === 'payout'
    ? encodeFunctionData({ abi: attributionVerifierAbi, functionName: 'verifyPayout', args: [contractPayoutStatement(statement), opening, groth16] })
    : encodeFunctionData({ abi: attributionVerifierAbi, functionName: 'verifyFeatures', args: [contractFeaturesStatement(statement), opening, groth16] });
}

function errorName(data: Hex): string {
  try {
    return decodeErrorResult({ abi: contractErrorsAbi, data }).errorName;
  } catch {
    return 'reverted';
  }
}

/** Statement options that fit the local verifier. */
export const LOCAL_STATEMENT = { chainId: BigInt(LOCAL_CHAIN_ID), verifier: BigInt(VERIFIER_ADDRESS) };
