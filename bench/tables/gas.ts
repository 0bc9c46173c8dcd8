/** Tables of bench/results/gas.json. */
import { markdownTable } from './markdown.js';

/** Rows of bench/contracts, their figures as JSON holds them. */
interface Results {
  classes: { className: string; blocks: number; queries: number; verifyPayout: number; settle?: number; settleAgain?: number; commitBlock?: number; registerFeatures?: number }[];
  scale: { className: string; inferences: number; jobs: number; verifyPayout: number; settle?: number; settleEach?: number; deliver: number; deliverEach: number; commitBlock: number; lockSigned: number }[];
  actions: { group: string; action: string; gas: number; each?: number }[];
  snarkjsVerifierSameRun: number;
  published: { what: string; gas: number; source: string }[];
}

const gas = (x: number | undefined): string | undefined => x?.toLocaleString('en-US');

export function gasTables({ classes, scale, actions, snarkjsVerifierSameRun, published }: Results): string[] {
  return [
    markdownTable('Inferences that share a proof, all in one block; credits of earlier jobs present', ['inferences', 'jobs', 'verifyPayout', 'settle', 'each', 'deliver', 'each', 'before it: commitBlock', 'lockSigned'],
      scale.map((r) => [r.inferences, r.jobs, gas(r.verifyPayout), gas(r.settle), gas(r.settleEach), gas(r.deliver), gas(r.deliverEach), gas(r.commitBlock), gas(r.lockSigned)])),
    markdownTable('By blocks', ['R', 'queries', 'verifyPayout', 'settle, new credits', 'settle again', 'each', 'commitBlock', 'registerFeatures'],
      classes.map((r) => [r.blocks, r.queries, gas(r.verifyPayout), gas(r.settle), gas(r.settleAgain), gas(r.settleAgain && Math.round(r.settleAgain / r.queries)), gas(r.commitBlock), gas(r.registerFeatures)])),
    markdownTable('Every other step, class 4x4', ['step', 'of', 'gas', 'each'], actions.map((a) => [a.action, a.group, gas(a.gas), gas(a.each)])),
    markdownTable('Others', ['what', 'gas', 'source'], [["snarkjs' verifier on our Groth16 proof alone (3 public inputs)", gas(snarkjsVerifierSameRun), 'same run'], ...published.map((p) => [p.what, gas(p.gas), p.source])]),
  ];
}
