/** Piscina's thread: see packages.ts. */
import { workerData } from 'piscina';
import { takeWasmCurveCode, type WasmCurveCode } from '../../src/curve/wasm.js';

if (workerData) takeWasmCurveCode(workerData as WasmCurveCode);

export { checkPackage as default } from './checkPackage.js';
