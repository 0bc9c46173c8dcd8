/** A node in a process of its own, for tests that kill it: options as JSON in the first argument; prints its URL. */
import { privateKeyToAccount } from 'viem/accounts';
import type { Hex } from 'viem';
import { pino } from 'pino';
import { connectChain, Economy, type Deployment } from '../../../../src/chain/index.js';
import { readSrs } from '../../../../src/commitment/srs.js';
import { startInferenceNode, type InferenceNodeOptions } from '../../../../src/inference/node/index.js';

export interface ChildOptions extends Omit<InferenceNodeOptions, 'economy' | 'srs' | 'price' | 'logger'> {
  rpcUrl: string;
  deployment: Deployment;
  key: Hex;
  srsPath: string;
  price: string;
}

if (process.argv[2]) {
  const { rpcUrl, deployment, key, srsPath, price, ...options } = JSON.parse(process.argv[2]) as ChildOptions;
  const economy = await Economy.connect(await connectChain({ rpcUrl, chainId: deployment.chainId, account: privateKeyToAccount(key), pollingIntervalMs: 20 }), deployment);
  const { url } = await startInferenceNode({ ...options, price: BigInt(price), economy, srs: await readSrs(srsPath), logger: pino({ level: process.env.LOG ?? 'silent' }, pino.destination(2)) });
  console.log(url);
}
