/**
 * Mercury over KZG, prover's half of section 4; twin of src/verify/opening.ts. Every message is a function of F' alone.
 * Cost: two MSMs of size N with full scalars (q, W_z), six of size sqrt N, no FFT.
 */
import { g1Get, type G1Affine } from '../../src/curve/bn254.js';
import type { Srs } from '../../src/commitment/srs.js';
import { lowLength } from '../../src/commitment/mask.js';
import { frBuffer, frCount, frGet, frSet, type FrBuffer } from '../../src/field/buffer.js';
import { frAdd, frInv, frMul, frPow, frSub } from '../../src/field/fr.js';
import { OpeningTranscript, requireRegular, type MercuryProof } from '../../src/verify/opening.js';
import type { Kernels, Table } from '../kernels/types.js';

/** X^(b-1) g(1/X): the coefficients in reverse. */
function reversed(g: FrBuffer): FrBuffer {
  const out = frBuffer(frCount(g));
  for (let i = 0, n = frCount(g); i < n; i++) out.set(g.subarray(32 * i, 32 * (i + 1)), 32 * (n - 1 - i));
  return out;
}

/**
 * @param f          coefficients of F', 2^nu of them, Montgomery
 * @param point      p*, nu coordinates
 * @param gammaList  seeds the transcript together with rho and nu
 */
export async function proveOpening(kernels: Kernels, srs: Srs, f: FrBuffer, point: readonly bigint[], gammaList: bigint, rho: bigint): Promise<MercuryProof> {
  const nu = point.length, half = Math.ceil(nu / 2);
  const blo = lowLength(nu);
  const low = point.slice(0, half), high = point.slice(half);
  const fr = (data: FrBuffer): Table => ({ kind: 'fr', data });
  const commit = async (data: FrBuffer): Promise<G1Affine> => g1Get(await kernels.msm(srs.g1, data));
  const evaluate = async (data: FrBuffer, at: bigint): Promise<bigint> => (await kernels.divideByLinear(data, at)).value;
  const transcript = new OpeningTranscript(gammaList, rho, nu);

  const h = await kernels.dotRows(fr(f), await kernels.eqTable(low), blo, 1);
  const ch = await commit(h);
  const alpha = transcript.points(ch);

  const { quotient: q, remainder: g } = await kernels.divideByBinomial(f, blo, alpha);
  const cq = await commit(q), cg = await commit(g);
  const gamma = transcript.points(cq, cg);

  const s = await kernels.mercuryS(g, h, low, high, gamma);
  const d = reversed(g);
  const cs = await commit(s), cd = await commit(d);
  const z = transcript.points(cs, cd);
  requireRegular(alpha, z);
  const zi = frInv(z);

  const [gz, gi, hz, hi, ha, sz, si] = [
    await evaluate(g, z), await evaluate(g, zi), await evaluate(h, z), await evaluate(h, zi), await evaluate(h, alpha), await evaluate(s, z), await evaluate(s, zi),
  ];
  const beta = transcript.words(gz, gi, hz, hi, ha, sz, si);
  const b2 = frMul(beta, beta), b3 = frMul(b2, beta), b4 = frMul(b3, beta);

  // m_z = f - (z^blo - alpha) q + beta g + beta^2 h + beta^3 S + beta^4 D
  const mz = await kernels.linearCombination([1n, frSub(alpha, frPow(z, BigInt(blo))), beta, b2, b3, b4], [f, q, g, h, s, d].map(fr), frCount(f));
  const mi = await kernels.linearCombination([1n, beta, b2], [g, h, s].map(fr), blo);
  const wz = await commit((await kernels.divideByLinear(mz, z)).quotient);
  const wi = await commit((await kernels.divideByLinear(mi, zi)).quotient);
  const wa = await commit((await kernels.divideByLinear(h, alpha)).quotient);
  return { ch, cq, cg, cs, cd, gz, gi, hz, hi, ha, sz, si, zi, wz, wi, wa };
}

/** F' = M + sum_k gamma'^k F_k on 2^nu coefficients. */
export async function maskedTable(kernels: Kernels, opened: readonly Table[], gammaPrime: bigint, mask: readonly bigint[], indices: readonly number[], nu: number): Promise<FrBuffer> {
  const powers: bigint[] = [];
  for (let k = 0, power = gammaPrime; k < opened.length; k++, power = frMul(power, gammaPrime)) powers.push(power);
  const f = await kernels.linearCombination(powers, opened, 2 ** nu);
  indices.forEach((index, i) => frSet(f, index, frAdd(frGet(f, index), mask[i])));
  return f;
}

