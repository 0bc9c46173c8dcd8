/**
 * Who brings which rows in the demonstration: thirteen accounts, contiguous rows each, at most 1024 in all.
 *   eight honest accounts of uneven size, some of them specialists in the digits that the base has never seen
 *   one whose labels are all flipped, one that copies another's rows in another order, one person who poses as three accounts
 */
import { ModelError } from '../errors/models.js';
import type { Dataset } from './digits.js';
import { seededRandom } from './random.js';

export type ContributorKind = 'honest' | 'flipped' | 'duplicate' | 'sybil';

export interface Contributor {
  /** Position, and index c of the features. */
  index: number;
  name: string;
  kind: ContributorKind;
  /** Accounts of one person share it. */
  identity: string;
  /** Rows of the dataset, in order. */
  rows: number[];
  /** Labels as the contributor states them. */
  labels: number[];
  /** Index of the account whose rows are copied, last one first: a Datanet refuses the same content twice. */
  copyOf?: number;
}

export interface ContributorPlan {
  contributors: Contributor[];
  /** b_1 .. b_S: contributor c owns training rows b_c .. b_(c+1) - 1. */
  boundaries: number[];
  /** Dataset row and label of every training row. */
  rows: number[];
  labels: number[];
}

/** Digits left out of the base's training: what contributors teach. */
export const NOVEL_DIGITS: readonly number[] = [7, 8, 9];

interface Part {
  name: string;
  kind: ContributorKind;
  identity: string;
  count: number;
  /** Share of rows taken from the novel digits; undefined: as they come. */
  novel?: number;
  copyOf?: number;
}

const PARTS: readonly Part[] = [
  { name: 'ada', kind: 'honest', identity: 'ada', count: 130 },
  { name: 'ben', kind: 'honest', identity: 'ben', count: 100, novel: 0.8 },
  { name: 'chi', kind: 'honest', identity: 'chi', count: 90 },
  { name: 'dov', kind: 'honest', identity: 'dov', count: 80, novel: 0 },
  { name: 'eli', kind: 'honest', identity: 'eli', count: 70 },
  { name: 'fay', kind: 'honest', identity: 'fay', count: 50, novel: 0.9 },
  { name: 'gus', kind: 'honest', identity: 'gus', count: 40 },
  { name: 'hal', kind: 'honest', identity: 'hal', count: 25 },
  { name: 'ivo (flipped labels)', kind: 'flipped', identity: 'ivo', count: 80 },
  { name: 'jan (copies chi)', kind: 'duplicate', identity: 'jan', count: 90, copyOf: 2 },
  { name: 'kim 1', kind: 'sybil', identity: 'kim', count: 30 },
  { name: 'kim 2', kind: 'sybil', identity: 'kim', count: 30 },
  { name: 'kim 3', kind: 'sybil', identity: 'kim', count: 30 },
];

/**
 * Draws the plan from a pool of dataset rows; each row goes to one account at most, copies aside.
 * @throws ModelError when the pool is too small, or `maxRows` is exceeded
 */
export function contributorPlan(data: Dataset, pool: readonly number[], seed: number, maxRows = 1024): ContributorPlan {
  const random = seededRandom(seed);
  const fresh = { novel: pool.filter((r) => NOVEL_DIGITS.includes(data.labels[r])), known: pool.filter((r) => !NOVEL_DIGITS.includes(data.labels[r])) };
  const share = fresh.novel.length / Math.max(1, pool.length);
  const plan: ContributorPlan = { contributors: [], boundaries: [], rows: [], labels: [] };
  // Specialists draw first, or the rare rows would be gone.
  const drawn = new Map<Part, number[]>();
  for (const part of [...PARTS].sort((a, b) => Number(b.novel !== undefined) - Number(a.novel !== undefined))) {
    if (part.copyOf !== undefined) continue;
    const novel = Math.round(part.count * (part.novel ?? share));
    const rows = [...fresh.novel.splice(0, novel), ...fresh.known.splice(0, part.count - novel)];
    while (rows.length < part.count && (fresh.novel.length || fresh.known.length)) rows.push((fresh.known.length ? fresh.known : fresh.novel).shift()!);
    if (rows.length < part.count) {
      throw new ModelError('the pool is too small for the contributor plan', { where: part.name, expected: `${part.count} rows`, got: rows.length, hint: 'hold out fewer rows' });
    }
    drawn.set(part, random.shuffle(rows));
  }
  PARTS.forEach((part, index) => {
    const rows = part.copyOf === undefined ? drawn.get(part)! : [...plan.contributors[part.copyOf].rows].reverse();
    const labels = rows.map((r) => {
      const truth = data.labels[r];
      return part.kind === 'flipped' ? (truth + 1 + random.below(data.classes - 1)) % data.classes : truth;
    });
    plan.contributors.push({ index, name: part.name, kind: part.kind, identity: part.identity, rows, labels, ...(part.copyOf === undefined ? {} : { copyOf: part.copyOf }) });
    plan.rows.push(...rows);
    plan.labels.push(...labels);
    plan.boundaries.push(plan.rows.length);
  });
  if (plan.rows.length > maxRows) throw new ModelError('too many training rows', { where: 'contributor plan', expected: `at most ${maxRows}`, got: plan.rows.length });
  return plan;
}
