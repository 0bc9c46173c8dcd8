/** Replayed value against the artifact's: equal, or an AuditMismatchError that names the place. */
import type { G1Affine } from '../curve/bn254.js';
import { AuditMismatchError } from '../errors/audit.js';

const text = (value: unknown): string => {
  if (typeof value === 'bigint') return value < 1n << 64n && value > -(1n << 64n) ? String(value) : `0x${value.toString(16)}`;
  if (typeof value === 'object' && value !== null && 'x' in value && 'y' in value) return `(${text(value.x)}, ${text(value.y)})`;
  return String(value);
};
const short = (value: string): string => value.replace(/0x([0-9a-f]{6})[0-9a-f]{8,}([0-9a-f]{6})/gi, '0x$1..$2');

const LONG = 200;

/** Both as text; long words are shortened unless that hides the difference, long texts to the place where it is. */
export function contrast(first: unknown, second: unknown): [string, string] {
  const [a, b] = [text(first), text(second)];
  if (short(a) !== short(b)) return [short(a), short(b)];
  if (a.length < LONG) return [a, b];
  const at = [...a].findIndex((c, i) => c !== b[i]), window = (value: string): string => `..${value.slice(Math.max(0, at - 16), at + 48)}..`;
  return [window(a), window(b)];
}

/** The error for two values that differ. */
export function mismatch(artifact: string, place: string, replay: unknown, got: unknown, note = '', source = 'replay gives'): AuditMismatchError {
  const [a, b] = contrast(replay, got);
  return new AuditMismatchError(artifact, place, `${source} ${a}, artifact has ${b}${note}`);
}

/** Chain data against an artifact's, field by field. @throws AuditMismatchError naming the first field that differs */
export function assertOnChain(artifact: string, place: string, chain: unknown, got: unknown): void {
  if (typeof chain === 'object' && chain !== null && typeof got === 'object' && got !== null) {
    const keys = Object.keys(chain);
    if (Array.isArray(chain)) assertOnChain(artifact, `${place}: length`, chain.length, (got as unknown[]).length);
    for (const key of keys) assertOnChain(artifact, Array.isArray(chain) ? `${place}[${key}]` : `${place}.${key}`, chain[key as keyof typeof chain], got[key as keyof typeof got]);
    return;
  }
  if (text(chain).toLowerCase() !== text(got).toLowerCase()) throw mismatch(artifact, place, chain, got, '', 'chain has');
}

export const samePoints = (a: G1Affine, b: G1Affine): boolean => a.x === b.x && a.y === b.y;

/** @throws AuditMismatchError */
export function assertSame(artifact: string, place: string, replay: unknown, got: unknown): void {
  if (text(replay) !== text(got)) throw mismatch(artifact, place, replay, got);
}

/** Hashes and addresses: case does not count. @throws AuditMismatchError */
export const assertSameWord = (artifact: string, place: string, replay: string, got: string): void => assertSame(artifact, place, replay.toLowerCase(), got.toLowerCase());

/** @throws AuditMismatchError naming the first index */
export function assertSameList(artifact: string, place: string, replay: ArrayLike<unknown>, got: ArrayLike<unknown>): void {
  if (replay.length !== got.length) throw mismatch(artifact, `${place}: length`, replay.length, got.length);
  for (let i = 0; i < replay.length; i++) assertSame(artifact, `${place}[${i}]`, replay[i], got[i]);
}

/** Shape of tables (t,l,j) or (a,l,j). */
export interface TableShape {
  layersLog: number;
  widthLog: number;
}

export interface TablePlace {
  row: number;
  layer: number;
  column: number;
}

export const placeOf = (index: number, { layersLog, widthLog }: TableShape): TablePlace =>
  ({ row: index >> (layersLog + widthLog), layer: (index >> widthLog) & ((1 << layersLog) - 1), column: index & ((1 << widthLog) - 1) });

export const placeText = ({ row, layer, column }: TablePlace): string => `row ${row}, layer ${layer}, column ${column}`;

type IntegerTable = Int8Array | Int16Array;

/** First index at which tables differ, and how many entries do; undefined when equal. */
export function firstDifference(a: IntegerTable, b: IntegerTable): { index: number; count: number } | undefined {
  let index = -1, count = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    if (index < 0) index = i;
    count++;
  }
  return index < 0 ? undefined : { index, count };
}

/** @throws AuditMismatchError naming row, layer and column of the first difference */
export function assertSameTable(artifact: string, shape: TableShape, replay: IntegerTable, got: IntegerTable): void {
  if (replay.length !== got.length) throw mismatch(artifact, 'length', replay.length, got.length);
  const found = firstDifference(replay, got);
  if (!found) return;
  throw mismatch(artifact, placeText(placeOf(found.index, shape)), replay[found.index], got[found.index], found.count > 1 ? ` (${found.count} of ${got.length} entries differ)` : '');
}

/** Symmetric range of the quantiser: -limit..limit. @throws AuditMismatchError */
export function assertRange(artifact: string, shape: TableShape, table: IntegerTable, limit: number): void {
  const index = table.findIndex((v) => v < -limit || v > limit);
  if (index >= 0) throw new AuditMismatchError(artifact, placeText(placeOf(index, shape)), `${table[index]} is not in -${limit}..${limit}`);
}
