/** Every task that a thread can be given, by name. Tasks write to views in shared memory and return nothing. */
import type { WasmCurve } from '../../../src/curve/wasm.js';
import { divideByBinomial, divideByLinear, mercuryS } from './division.js';
import { msm, msmSmall } from './msm.js';
import { combineRows, dotRows, eqTable, fold, linearCombination, outer, roundPolynomial } from './multilinear.js';

export const TASKS = {
  msm, msmSmall, eqTable, combineRows, dotRows, linearCombination, outer, fold, roundPolynomial, divideByBinomial, divideByLinear, mercuryS,
};
export type TaskName = keyof typeof TASKS;
export type TaskOf<Name extends TaskName> = Parameters<(typeof TASKS)[Name]>[1];

export interface Job<Name extends TaskName = TaskName> {
  name: Name;
  task: TaskOf<Name>;
}

export function runTask<Name extends TaskName>(wasm: WasmCurve, { name, task }: Job<Name>): void {
  (TASKS[name] as (wasm: WasmCurve, task: TaskOf<Name>) => void)(wasm, task);
}
