/**
 * Duplex transcript over Poseidon; twin of circuits/lib/duplex.circom.
 * One call absorbs words and draws challenges. The schedule depends on the two counts alone: chunks of 16 words, the
 * last one padded with zeros up to the challenges drawn from it (at most 16), more challenges from permutations of 16 zeros.
 * The next state (lane 0) is never shown.
 */
import { assertCanonical } from '../field/fr.js';
import { POSEIDON_RATE, poseidonPermutation } from '../hash/poseidon.js';

export class DuplexTranscript {
  #state = 0n;

  /**
   * @param label       what is absorbed (src/transcript/labels.ts); appears in errors only, the schedule is fixed by counts
   * @param words       canonical, at least one
   * @param challenges  how many to draw
   */
  absorb(label: string, words: readonly bigint[], challenges = 0): bigint[] {
    words.forEach((word, i) => assertCanonical(word, `transcript ${label}[${i}]`));
    if (words.length === 0) throw new RangeError(`transcript ${label}: nothing to absorb`);
    const full = Math.floor((words.length - 1) / POSEIDON_RATE);
    for (let i = 0; i < full; i++) [this.#state] = poseidonPermutation(words.slice(POSEIDON_RATE * i, POSEIDON_RATE * (i + 1)), this.#state);
    const last = words.slice(POSEIDON_RATE * full);
    while (last.length < Math.min(challenges, POSEIDON_RATE)) last.push(0n);
    const drawn: bigint[] = [];
    for (let input = last; ; input = new Array<bigint>(POSEIDON_RATE).fill(0n)) {
      const lanes = poseidonPermutation(input, this.#state);
      this.#state = lanes[0];
      drawn.push(...lanes.slice(1, 1 + Math.min(POSEIDON_RATE, challenges - drawn.length)));
      if (drawn.length === challenges) return drawn;
    }
  }
}
