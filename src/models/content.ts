/** What a contributor's rows are called in a Datanet. */
import { concatHex, keccak256, stringToHex, type Hex } from 'viem';
import { ModelError } from '../errors/models.js';
import type { ModelBundle } from './bundle.js';

const view = (a: Float32Array | Int32Array): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

/**
 * Content hash of training rows [from, to):
 *   keccak(keccak("zkattr.rows.v1"), keccak(inputs), keccak(labels)),  inputs float32 (rows, inputWidth), labels int32, both little-endian
 * @throws ModelError unless the bundle has these rows
 */
export function rowsHash({ manifest, train }: Pick<ModelBundle, 'manifest' | 'train'>, from: number, to: number): Hex {
  const width = manifest.taps.inputWidth;
  if (from < 0 || to <= from || to > train.labels.length) throw new ModelError('no such training rows', { where: 'rowsHash', expected: `0..${train.labels.length}`, got: `${from}..${to}` });
  return keccak256(concatHex([keccak256(stringToHex('zkattr.rows.v1')), keccak256(view(train.inputs.slice(from * width, to * width))), keccak256(view(train.labels.slice(from, to)))]));
}

/** Content hash of each contributor's rows, in the bundle's order. */
export const contributedContent = (bundle: Pick<ModelBundle, 'manifest' | 'train'>): Hex[] =>
  bundle.manifest.boundaries.map((to, c, ends) => rowsHash(bundle, c === 0 ? 0 : ends[c - 1], to));
