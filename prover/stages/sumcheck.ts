import type { FrBuffer } from '../../src/field/buffer.js';
import { frCount, frGet } from '../../src/field/buffer.js';
import type { DuplexTranscript } from '../../src/transcript/duplex.js';
import type { SumcheckMessages } from '../../src/verify/sumcheck.js';
import type { Kernels, ProductTerm } from '../kernels/types.js';

export interface SumcheckOutput {
  messages: SumcheckMessages;
  /** Low variable first, `variables` long, 0 where inactive. */
  point: bigint[];
  /** Value of every table at the point. */
  values: bigint[];
}

/**
 * Proves sum_x sum_terms sign prod_factors table(x), top variable first; twin of src/verify/sumcheck.ts.
 * Rounds above the tables' own variables are inactive: zeros are sent, the claim stays.
 * @param variables  rounds of the class (>= log2 of the tables' length)
 * Limit: three table reads and the products of the terms for each pair; the tables halve every round.
 */
export async function proveSumcheck(
  kernels: Kernels, transcript: DuplexTranscript, label: string, tables: readonly FrBuffer[], terms: readonly ProductTerm[], degree: 2 | 3, variables: number,
): Promise<SumcheckOutput> {
  const active = Math.log2(frCount(tables[0]));
  const messages: SumcheckMessages = new Array<bigint[]>(variables);
  const point = new Array<bigint>(variables).fill(0n);
  let current = [...tables];
  for (let i = variables - 1; i >= 0; i--) {
    const coefficients = i < active ? await kernels.roundPolynomial(current, terms, degree) : new Array<bigint>(degree + 1).fill(0n);
    messages[i] = [coefficients[0], ...coefficients.slice(2)];
    const [r] = transcript.absorb(`${label} round ${i}`, messages[i], 1);
    if (i >= active) continue;
    point[i] = r;
    current = await kernels.foldAll(current, r);
  }
  return { messages, point, values: current.map((table) => frGet(table, 0)) };
}
