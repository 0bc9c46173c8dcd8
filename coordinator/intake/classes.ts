/** Size classes that are served: what a job of each holds, and the keys whose proofs are taken. */
import type { Hex } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import { sizeClass } from '../../src/statement/classes.js';
import { relationShape } from '../../src/statement/sizeClass.js';

export interface ClassLimits {
  id: number;
  blocks: number;
  queries: number;
  vkHashes: ReadonlySet<Hex>;
}

export class ClassTable {
  readonly #classes = new Map<string, ClassLimits>();

  constructor(keys: readonly { className: string; vkHash: Hex }[]) {
    for (const { className } of keys) {
      const cls = sizeClass(className), { blocks, queries } = relationShape(cls, 'payout');
      this.#classes.set(className, { id: cls.id, blocks, queries, vkHashes: new Set(keys.filter((k) => k.className === className).map((k) => k.vkHash)) });
    }
  }

  get(className: string): ClassLimits | undefined { return this.#classes.get(className); }

  /** @throws NetworkError CLASS_NOT_SERVED */
  require(className: string): ClassLimits {
    const found = this.#classes.get(className);
    if (!found) throw new NetworkError('class is not served here', { code: 'CLASS_NOT_SERVED', where: 'className', expected: [...this.#classes.keys()].join(', '), got: className, hint: 'the operator loads its verification key' });
    return found;
  }
}
