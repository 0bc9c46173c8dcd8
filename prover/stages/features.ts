import { frGet } from '../../src/field/buffer.js';
import { checkStatement, statementDigest, type Statement } from '../../src/statement/statement.js';
import { DuplexTranscript } from '../../src/transcript/duplex.js';
import { LABELS } from '../../src/transcript/labels.js';
import type { Kernels } from '../kernels/types.js';
import type { RelationWitness } from '../witness/witness.js';
import { proveTail, type TailOutput } from './tail.js';
import type { StageClock } from './clock.js';

/** Features relation (R1), chain part; twin of verifyFeaturesChain. */
export async function proveFeaturesChain(kernels: Kernels, statement: Statement, witness: RelationWitness, secrets: { salt: bigint; mask: readonly bigint[] }, clock: StageClock): Promise<TailOutput> {
  const { shape, dims } = checkStatement(statement);
  const { contributorsLog, layersLog, rankLog } = shape.cls;
  const { boundaries } = statement.lists;
  const transcript = new DuplexTranscript();
  const pG = transcript.absorb(LABELS.statement, [shape.domain, dims.word, statementDigest(statement), secrets.salt, ...boundaries], contributorsLog + layersLog + 2 * rankLog);
  const phi = frGet(await kernels.dotRows(witness.g.table, await kernels.eqTable(pG), 2 ** pG.length, 1), 0); // G~(pG)
  transcript.absorb(LABELS.phi, [phi]);
  return proveTail(kernels, transcript, { witness, shape, dims, boundaries, rho: pG.slice(2 * rankLog + layersLog), pG, ...secrets, phi }, clock);
}
