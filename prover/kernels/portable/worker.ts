/** Worker thread: its own WASM instance of the module that the main thread compiled. */
import { workerData } from 'piscina';
import { WasmCurve, type WasmCurveCode } from '../../../src/curve/wasm.js';
import { runTask, type Job } from './tasks.js';

const wasm = new WasmCurve(workerData as WasmCurveCode);

export default (job: Job): void => runTask(wasm, job);
