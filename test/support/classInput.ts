/** Circuit inputs of a random job of a class, by the honest prover. */
import type { CircuitInput } from '../../prover/backends/groth16.js';
import type { Kernels } from '../../prover/kernels/types.js';
import { developmentSrs } from '../../prover/setup/index.js';
import { RELATIONS, srsPowerOf } from '../../prover/setup/keys.js';
import { StageClock } from '../../prover/stages/clock.js';
import { proveFeaturesChain } from '../../prover/stages/features.js';
import { provePayoutChain } from '../../prover/stages/payout.js';
import { circuitInput } from '../../prover/witness/circuitInput.js';
import { listChallenge, statementDigest, statementList } from '../../src/statement/statement.js';
import type { Relation, SizeClass } from '../../src/statement/sizeClass.js';
import { makeScenario } from './scenario.js';

export async function classInputs(kernels: Kernels, cls: SizeClass, seed = 1): Promise<Record<Relation, CircuitInput>> {
  const scenario = await makeScenario(kernels, await developmentSrs(srsPowerOf(cls)), cls, { seed });
  const inputs = {} as Record<Relation, CircuitInput>;
  for (const relation of RELATIONS) {
    const { statement, witness, mask } = scenario[relation], secrets = { salt: mask.salt, mask: mask.values };
    const { claim, messages } = 'bits' in witness
      ? await provePayoutChain(kernels, statement, witness, secrets, new StageClock())
      : await proveFeaturesChain(kernels, statement, witness, secrets, new StageClock());
    const { gammaList, evaluation } = listChallenge(claim.gammaPrime, statementList(statement, statementDigest(statement), claim));
    inputs[relation] = circuitInput(statement, messages, { gammaPrime: claim.gammaPrime, gammaList, listEvaluation: evaluation });
  }
  return inputs;
}
