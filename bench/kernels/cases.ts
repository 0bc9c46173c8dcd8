/** All kernels of the bench, in the order of the tables. */
import type { KernelCase } from './case.js';
import { CURVE_CASES } from './curveCases.js';
import { FIELD_CASES } from './fieldCases.js';
import { TABLE_CASES } from './tableCases.js';

export const CASES: readonly KernelCase[] = [...FIELD_CASES, ...CURVE_CASES, ...TABLE_CASES];
