/**
 * Instruction sets, best first. The whole library is compiled once for each, into a file of its own: code for one set must
 * never be reached on a CPU without it, also not through an inline function that the linker took from the other object.
 */
import { arch } from 'node:process';

export type Isa = 'ifma' | 'adx' | 'portable';

export interface IsaBuild {
  flags: readonly string[];
  /** Values of process.arch that can have it; every one without. */
  arch?: readonly string[];
}

export const ISAS: Record<Isa, IsaBuild> = {
  /** 52-bit products, eight lanes: Intel since Ice Lake, AMD since Zen 4. */
  ifma: {
    flags: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx512ifma', '-mavx512vbmi', '-mavx512vbmi2', '-mbmi2', '-madx', '-DZKATTR_ISA_IFMA=1'],
    arch: ['x64'],
  },
  /** mulx and two carry chains: Intel since Broadwell, AMD since Zen. */
  adx: { flags: ['-mbmi2', '-madx', '-DZKATTR_ISA_ADX=1'], arch: ['x64'] },
  /** Plain C++. */
  portable: { flags: ['-DZKATTR_ISA_PORTABLE=1'] },
};

/** All names, best first. */
export const ISA_NAMES = Object.keys(ISAS) as Isa[];

/** Those that CPUs of this architecture may have. */
export const archIsas = (): Isa[] => ISA_NAMES.filter((isa) => ISAS[isa].arch?.includes(arch) ?? true);
