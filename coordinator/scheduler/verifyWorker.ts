/** Thread of the result verifier: a pairing check takes some 30 ms, and heartbeats must not wait for it. */
import { verifyResult, type ResultVerdict, type VerifyTask } from './verifyResult.js';

export default (task: VerifyTask): ResultVerdict => verifyResult(task);
