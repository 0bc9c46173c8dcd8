/**
 * Proving time by stage for the pinned classes, its growth with T, d, K and Q, floors, and the plain circuit beside ours.
 * Run: node dist/bench/main.js prove [--quick] [--repetitions 5] [--only classes,growth,baseline] [--class 64x64,...] [--relation payout]
 *      [--kernels native,portable] [--threads 2] [--out file]
 * --quick: classes 4x4 and 16x16, fewer points and repetitions. --kernels: the classes by each of them; growth and baseline by the first.
 * Results: bench/results/prove.json (with --only, --class or --relation: no file unless --out).
 */
import { parseArgs } from 'node:util';
import { dimsOf, relationShape, type Relation, type SizeClass } from '../../src/statement/sizeClass.js';
import { chosenKernels, KERNEL_NAMES, type KernelName } from '../../prover/kernels/index.js';
import { developmentSrs } from '../../prover/setup/index.js';
import { pinnedClasses, readPinned } from '../../prover/setup/manifest.js';
import { benchBaseline } from '../baseline/run.js';
import { printTable, progress, writeReport } from '../report.js';
import { benchClass, type ClassResult } from './classes.js';
import { openContender, type Contender } from './contenders.js';
import { AXES, benchGrowth, growthClass, QUICK_AXES, type Axis } from './growth.js';
import { fastest, floorSeconds, measureRates, payoutWork, type Floor, type Rates } from './model.js';

const PARTS = ['classes', 'growth', 'baseline'] as const;
const { values: args } = parseArgs({ options: { quick: { type: 'boolean', default: false }, repetitions: { type: 'string' }, only: { type: 'string' }, class: { type: 'string' }, relation: { type: 'string' }, kernels: { type: 'string' }, threads: { type: 'string' }, out: { type: 'string' } } });
const { quick } = args;
const repetitions = Number(args.repetitions ?? (quick ? 1 : 5));
const parts = args.only?.split(',') ?? [...PARTS];
const RELATIONS = ['payout', 'features'] as const;
const relations = (args.relation?.split(',') ?? RELATIONS) as Relation[];
const names = (args.kernels?.split(',') ?? [chosenKernels()]) as [KernelName | undefined, ...KernelName[]];
const threads = args.threads === undefined ? undefined : Number(args.threads);
const within = (list: readonly unknown[], all: readonly unknown[]): boolean => list.every((item) => all.includes(item));
if (!Number.isInteger(repetitions) || repetitions < 1 || !(threads === undefined || (Number.isInteger(threads) && threads >= 1))
  || !within(parts, PARTS) || !within(relations, RELATIONS) || !within(names, [undefined, ...KERNEL_NAMES])) {
  console.error(`prove bench: --repetitions and --threads are at least 1, --only a list of ${PARTS.join(', ')}, --relation of ${RELATIONS.join(', ')}, --kernels of ${KERNEL_NAMES.join(', ')}`);
  process.exit(2);
}
const has = (part: (typeof PARTS)[number]): boolean => parts.includes(part);

const contenders: Contender[] = [];
for (const name of names) contenders.push(await openContender(name, threads));
const [{ kernels }] = contenders;
try {
  const all = await pinnedClasses();
  const classes = args.class ? all.filter(({ name }) => args.class?.split(',').includes(name)) : quick ? all.slice(0, 2) : all;
  const axes = quick ? QUICK_AXES : AXES;
  const nuOf = (cls: SizeClass): number => dimsOf(relationShape(cls, 'payout'), cls.tokensLog).nu;
  const power = Math.max(16, ...(Object.keys(axes) as Axis[]).flatMap((axis) => axes[axis].map((log) => {
    const features = relationShape(growthClass(axis, log), 'features');
    return Math.max(nuOf(growthClass(axis, log)), features.J + features.heightMax);
  })));
  progress(`kernels: ${contenders.map((c) => c.kernels.name).join(', ')}; development SRS of 2^${power} powers`);
  const srs = await developmentSrs(power);
  const ratesOf = new Map<string, Rates>();
  const measure = async (): Promise<void> => {
    for (const { kernels: { name }, kernels: measured } of contenders) {
      const found = await measureRates(measured, srs, 16, quick ? 3 : 7), known = ratesOf.get(name);
      ratesOf.set(name, known ? fastest(known, found) : found);
    }
  };
  await measure();

  const benchClasses = async (cls: SizeClass): Promise<ClassResult[]> => {
    const results = [];
    for (const contender of contenders) results.push(...(await benchClass(contender, cls, relations, repetitions)));
    return results;
  };
  const classRuns: (ClassResult & { chainAndOpening: number })[] = [];
  for (const cls of has('classes') ? classes : []) {
    for (const result of await benchClasses(cls)) {
      const { groth16, witness, total, ...chain } = result.seconds;
      const chainAndOpening = Object.values(chain).reduce((a, b) => a + b, 0);
      classRuns.push({ ...result, chainAndOpening });
      progress(`${cls.name} ${result.relation}, ${result.kernels}: ${total.toFixed(2)} s = chain and opening ${chainAndOpening.toFixed(2)} + circuit witness ${witness.toFixed(2)} + groth16 ${groth16.toFixed(2)}`);
    }
  }
  const growthRuns = has('growth') ? await benchGrowth(kernels, srs, axes, nuOf, quick ? 1 : Math.min(3, repetitions)) : [];

  await measure();
  const rates = ratesOf.get(kernels.name) as Rates;
  printTable('Rates (million a second, fastest run)', ['kernels', 'field products', 'field by int8 products', 'MSM points, 2^16', 'bytes copied'],
    [...ratesOf].map(([name, r]) => [name, r.products / 1e6, r.smallProducts / 1e6, r.msmPoints / 1e6, r.bytes / 1e6]));
  const floored = <T extends { chainAndOpening: number; kernels?: string }>(result: T, cls: SizeClass): T & { floor: Floor; overFloor: number; overProducts: number } => {
    const floor = floorSeconds(payoutWork(cls, cls.tokensLog), ratesOf.get(result.kernels ?? kernels.name) as Rates);
    return { ...result, floor, overFloor: result.chainAndOpening / floor.chainAndOpening, overProducts: result.chainAndOpening / floor.productsOnly };
  };

  const classResults = classRuns.map((r) => (r.relation === 'payout' ? floored(r, all.find(({ name }) => name === r.className)!) : { ...r, floor: undefined, overFloor: undefined, overProducts: undefined }));
  if (classResults.length > 0) {
    const stages = [...new Set(classResults.flatMap(({ seconds }) => Object.keys(seconds)))];
    printTable(`Proving, seconds by stage (median of ${repetitions}; every proof verified)`,
      ['class', 'relation', 'kernels', 'groth16', 'tokens', 'constraints', ...stages, 'verify', 'chain+opening', 'floor', 'x floor', 'x products'],
      classResults.map((r) => [r.className, r.relation, r.kernels, r.groth16, r.tokens, r.constraints, ...stages.map((stage) => r.seconds[stage]?.toFixed(3) ?? '-'), r.verifySeconds, r.chainAndOpening,
        r.floor?.chainAndOpening.toFixed(3) ?? '-', r.overFloor?.toFixed(2) ?? '-', r.overProducts?.toFixed(2) ?? '-']));
    printTable('Attributed inferences per core-hour: queries / (total seconds x cores) x 3600', ['class', 'kernels', 'groth16', 'queries', 'total s', 'cores', 'inferences'],
      classResults.filter((r) => r.inferencesPerCoreHour !== undefined).map((r) =>
        [r.className, r.kernels, r.groth16, 2 ** (all.find(({ name }) => name === r.className) as SizeClass).queriesLog, r.seconds.total, r.cores, Math.round(r.inferencesPerCoreHour as number)]));
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

  const command = ['node dist/bench/main.js prove', ...process.argv.slice(2)].join(' ');
  if (!(args.only || args.class || args.relation) || args.out) {
    await writeReport({ bench: 'prove', command, kernels: contenders.map((c) => c.kernels.name).join(', '), repetitions, ratesPerSecond: rates, ratesByKernels: Object.fromEntries(ratesOf), classes: classResults, growth, baseline }, args.out);
  }
} finally {
  for (const contender of contenders) await contender.close();
}
