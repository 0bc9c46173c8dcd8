/**
 * Proving time by stage for the pinned classes, its growth with T, d, K and Q, floors, and the plain circuit beside ours.
 * Run: node dist/bench/main.js prove [--quick] [--repetitions 5] [--only classes,growth,baseline] [--out file]
 * --quick: classes 4x4 and 16x16, fewer points and repetitions. Results: bench/results/prove.json (with --only: no file unless --out).
 */
import { parseArgs } from 'node:util';
import { dimsOf, relationShape, type SizeClass } from '../../src/statement/sizeClass.js';
import { selectKernels } from '../../prover/kernels/index.js';
import { developmentSrs } from '../../prover/setup/index.js';
import { pinnedClasses, readPinned } from '../../prover/setup/manifest.js';
import { benchBaseline } from '../baseline/run.js';
import { printTable, progress, writeReport } from '../report.js';
import { benchClass, type ClassResult } from './classes.js';
import { AXES, benchGrowth, growthClass, QUICK_AXES, type Axis } from './growth.js';
import { fastest, floorSeconds, measureRates, payoutWork, type Floor } from './model.js';

const PARTS = ['classes', 'growth', 'baseline'] as const;
const { values: args } = parseArgs({ options: { quick: { type: 'boolean', default: false }, repetitions: { type: 'string' }, only: { type: 'string' }, out: { type: 'string' } } });
const { quick } = args;
const repetitions = Number(args.repetitions ?? (quick ? 1 : 5));
const parts = args.only?.split(',') ?? [...PARTS];
if (!Number.isInteger(repetitions) || repetitions < 1 || parts.some((part) => !(PARTS as readonly string[]).includes(part))) {
  console.error(`prove bench: --repetitions is at least 1, --only a list of ${PARTS.join(', ')}`);
  process.exit(2);
}
const has = (part: (typeof PARTS)[number]): boolean => parts.includes(part);

const kernels = await selectKernels();
try {
  const all = await pinnedClasses();
  const classes = quick ? all.slice(0, 2) : all;
  const axes = quick ? QUICK_AXES : AXES;
  const nuOf = (cls: SizeClass): number => dimsOf(relationShape(cls, 'payout'), cls.tokensLog).nu;
  const power = Math.max(16, ...(Object.keys(axes) as Axis[]).flatMap((axis) => axes[axis].map((log) => {
    const features = relationShape(growthClass(axis, log), 'features');
    return Math.max(nuOf(growthClass(axis, log)), features.J + features.heightMax);
  })));
  progress(`kernels: ${kernels.name}; development SRS of 2^${power} powers`);
  const srs = await developmentSrs(power);
  const before = await measureRates(kernels, srs, 16, quick ? 3 : 7);

  const classRuns: (ClassResult & { chainAndOpening: number })[] = [];
  for (const cls of has('classes') ? classes : []) {
    for (const result of await benchClass(kernels, cls, repetitions)) {
      const { groth16, witness, total, ...chain } = result.seconds;
      const chainAndOpening = Object.values(chain).reduce((a, b) => a + b, 0);
      classRuns.push({ ...result, chainAndOpening });
      progress(`${cls.name} ${result.relation}: ${total.toFixed(2)} s = chain and opening ${chainAndOpening.toFixed(2)} + circuit witness ${witness.toFixed(2)} + groth16 ${groth16.toFixed(2)}`);
    }
  }
  const growthRuns = has('growth') ? await benchGrowth(kernels, srs, axes, nuOf, quick ? 1 : Math.min(3, repetitions)) : [];

  const rates = fastest(before, await measureRates(kernels, srs, 16, quick ? 3 : 7));
  printTable('Rates of these kernels (million a second, fastest run)', ['', 'rate'], [
    ['field products', rates.products / 1e6], ['field by int8 products', rates.smallProducts / 1e6], ['MSM points, 2^16', rates.msmPoints / 1e6], ['bytes copied', rates.bytes / 1e6],
  ]);
  const floored = <T extends { chainAndOpening: number }>(result: T, cls: SizeClass): T & { floor: Floor; overFloor: number; overProducts: number } => {
    const floor = floorSeconds(payoutWork(cls, cls.tokensLog), rates);
    return { ...result, floor, overFloor: result.chainAndOpening / floor.chainAndOpening, overProducts: result.chainAndOpening / floor.productsOnly };
  };

  const classResults = classRuns.map((r) => (r.relation === 'payout' ? floored(r, all.find(({ name }) => name === r.className)!) : { ...r, floor: undefined, overFloor: undefined, overProducts: undefined }));
  if (classResults.length > 0) {
    const stages = [...new Set(classResults.flatMap(({ seconds }) => Object.keys(seconds)))];
    printTable(`Proving, seconds by stage (median of ${repetitions}; every proof verified)`,
      ['class', 'relation', 'tokens', 'constraints', ...stages, 'verify', 'chain+opening', 'floor', 'x floor', 'x products'],
      classResults.map((r) => [r.className, r.relation, r.tokens, r.constraints, ...stages.map((stage) => r.seconds[stage]?.toFixed(3) ?? '-'), r.verifySeconds, r.chainAndOpening,
        r.floor?.chainAndOpening.toFixed(3) ?? '-', r.overFloor?.toFixed(2) ?? '-', r.overProducts?.toFixed(2) ?? '-']));
  }

  const growth = growthRuns.map((point) => floored(point, growthClass(point.axis, Math.log2(point.value))));
  if (growth.length > 0) {
    const stages = Object.keys(growth[0].seconds);
    printTable('Growth of chain and opening, payout (base: Q = K = 16, L = 2, r = 8, d = 64, T = 1024, one block)', ['axis', 'value', 'nu', ...stages, 'sum', 'x before', 'floor', 'x floor', 'x products'],
      growth.map((p, i) => [p.axis, p.value, p.nu, ...stages.map((stage) => p.seconds[stage]), p.chainAndOpening,
        growth[i - 1]?.axis === p.axis ? (p.chainAndOpening / growth[i - 1].chainAndOpening).toFixed(2) : '-', p.floor.chainAndOpening, p.overFloor.toFixed(2), p.overProducts.toFixed(2)]));
  }

  const pinned = await readPinned();
  const baseline = has('baseline') ? await benchBaseline(kernels, all, (cls) => Promise.resolve(pinned.classes[cls.name].payout.constraints), quick) : [];
  if (baseline.length > 0) {
    printTable('Plain circuit (every product a constraint) beside ours; base: 4 x 4, T = 16, d = 16, r = 4, L = 2. "model" rows are computed, not compiled',
      ['axis', 'value', 'plain constraints', 'from', 'ours', 'ratio', 'model error', 'plain s', 'ours s', 'speed-up'],
      baseline.map((r) => [r.axis, r.value, r.plain, r.plainFrom, r.ours, `${r.ratio.toFixed(2)}x`, r.modelError === undefined ? '-' : `${(100 * r.modelError).toFixed(1)}%`,
        r.plainSeconds?.toFixed(2) ?? '-', r.oursSeconds?.toFixed(2) ?? '-', r.speedup ? `${r.speedup.toFixed(2)}x` : '-']));
  }

  const command = `node dist/bench/main.js prove${quick ? ' --quick' : ''}${args.repetitions ? ` --repetitions ${repetitions}` : ''}${args.only ? ` --only ${args.only}` : ''}`;
  if (!args.only || args.out) {
    await writeReport({ bench: 'prove', command, kernels: kernels.name, repetitions, ratesPerSecond: rates, classes: classResults, growth, baseline }, args.out);
  }
} finally {
  await kernels.close();
}
