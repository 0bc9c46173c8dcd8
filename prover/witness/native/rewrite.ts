/**
 * Turns the C++ that circom emits into C++ for this folder's runtime (cpp/circuit.h).
 *
 * circom writes one block of six lines for each constant that a template or function stores into a local variable. Long runs
 * of them become one copy from the constants, or one gather by a table of indices: a tenth of the text, and of the time
 * that a compiler needs. The rest is renaming: text types and streams become ones that drop everything.
 */

/** Raised whenever the output changes. */
export const REWRITE_VERSION = 1;

const BLOCK = String.raw`\{\nPFrElement aux_dest = &lvar\[(\d+)\];\n// load src\n// end load src\nFr_copy\(aux_dest,&circuitConstants\[(\d+)\]\);\n\}\n`;
const RUN = new RegExp(`(?:${BLOCK}){4,}`, 'g');
const STORE = new RegExp(BLOCK, 'g');

/** Length of the run of consecutive numbers at `from`. */
const consecutive = (numbers: readonly number[], from: number, end = numbers.length): number => {
  let to = from + 1;
  while (to < end && numbers[to] === numbers[to - 1] + 1) to++;
  return to - from;
};

export function rewrite(emitted: string): string {
  const gathered: number[] = [];
  const body = emitted.replace(RUN, (run) => {
    const stores = [...run.matchAll(STORE)], locals = stores.map((s) => Number(s[1])), constants = stores.map((s) => Number(s[2]));
    const copies: string[] = [];
    for (let i = 0; i < stores.length;) {
      const count = consecutive(locals, i);
      if (consecutive(constants, i, i + count) === count) copies.push(`Fr_copyn(&lvar[${locals[i]}],&circuitConstants[${constants[i]}],${count});\n`);
      else {
        copies.push(`gather(&lvar[${locals[i]}],circuitConstants,gathered+${gathered.length},${count});\n`);
        for (let k = i; k < i + count; k++) gathered.push(constants[k]);
      }
      i += count;
    }
    return copies.join('');
  });
  const renamed = body.replace(/^#include.*\n/gm, '').replace(/^\/\/.*\n/gm, '').replace(/\bprintf\(/g, 'mute(')
    .replaceAll('std::string', 'Name').replaceAll('std::cout', 'quiet').replaceAll('std::endl', '0');
  return `#include "circuit.h"\nstatic const u32 gathered[] = {${gathered.join(',')}};\n${renamed}`;
}
