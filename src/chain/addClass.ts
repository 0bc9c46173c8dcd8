import type { Address } from 'viem';
import { RELATION_CODE, type Relation, type SizeClass } from '../statement/sizeClass.js';
import type { ChainClient } from './client.js';
import { attributionVerifierAbi } from './generated/contracts.js';
import { send, type Sent } from './send.js';
import type { VerifyingKey } from './types.js';
import { contractShape } from './verifyingKey.js';

/** Adds one relation of a class to a verifier (owner only, once). @throws ChainError */
export const addClass = (client: ChainClient, verifier: Address, cls: SizeClass, relation: Relation, key: VerifyingKey, development: boolean): Promise<Sent<void>> =>
  send(client, attributionVerifierAbi, verifier, 'addClass', [BigInt(RELATION_CODE[relation]), BigInt(cls.id), contractShape(cls, relation), key, development]);
