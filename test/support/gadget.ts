/** One circuit template as a main of its own: outputs for inputs, or the template that refuses them. Compiled once, then cached. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateWitness, compileGenerator, type CircuitInput, type WitnessGenerator } from '../../prover/backends/witness.js';
import { compileSource } from '../../prover/setup/circuit.js';
import { WitnessError } from '../../src/errors/setup.js';
import { bytesToBigint } from '../../src/field/buffer.js';
import { cacheRoot, packageRoot } from '../../src/files/paths.js';

export class Gadget {
  private constructor(readonly name: string, private readonly generator: WitnessGenerator) {}

  /**
   * @param main      e.g. 'EqPoint(3)'
   * @param includes  files below circuits/ or of circomlib
   * @param source    templates of the test itself
   */
  static async compile(main: string, includes: readonly string[], source = ''): Promise<Gadget> {
    const text = `pragma circom 2.2.0;\n${includes.map((file) => `include "${file}";`).join('\n')}\n${source}\ncomponent main = ${main};\n`;
    const { wasm } = await compileSource(text, [join(packageRoot(), 'circuits')], join(cacheRoot(), 'circuits', 'gadgets'));
    return new Gadget(main, await compileGenerator(await readFile(wasm)));
  }

  /** The first `count` output signals, in order of declaration. @throws WitnessError */
  async outputs(input: CircuitInput, count: number): Promise<bigint[]> {
    const wtns = await calculateWitness(this.generator, input, this.name);
    return Array.from({ length: count }, (_, i) => bytesToBigint(wtns, 76 + 32 * (i + 1), 32));
  }

  /** Undefined when a witness exists, else the trace of the broken constraint. */
  async fault(input: CircuitInput): Promise<string | undefined> {
    try {
      await this.outputs(input, 0);
      return undefined;
    } catch (error) {
      if (error instanceof WitnessError && error.shortMessage === 'assertion failed') return error.trace.join(' < ');
      throw error;
    }
  }
}
