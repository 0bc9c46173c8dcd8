/** The check of one package, as a thread runs it: what is wrong with it is a result, because errors lose their fields between threads. */
import type { Deployment } from '../../src/chain/index.js';
import { readSrs, type Srs } from '../../src/commitment/srs.js';
import { AttributionError } from '../../src/errors/base.js';
import type { Batch, Registration } from '../../src/protocol/artifacts.js';
import { checkBlockPackage, checkRecordPackage, type PackageCheck } from '../../src/protocol/network/check.js';
import { decodeBlockPackage, decodeRecordPackage } from '../../src/protocol/network/packages.js';

interface Task {
  data: Uint8Array;
  deployment: Deployment;
  /** Paths by class. */
  srs: Readonly<Record<string, string>>;
}
export type CheckTask = Task & ({ kind: 'record' } | { kind: 'block'; registration: Registration });
export type Checked = { kind: 'record'; registration: Registration } | { kind: 'block'; batch: Batch };
export type CheckFault = { kind: 'fault'; code: string; where: string; message: string };

const strings = new Map<string, Promise<Srs>>();
function srsOf(paths: Task['srs'], className: string): Promise<Srs> | undefined {
  const path = Object.hasOwn(paths, className) ? paths[className] : undefined;
  if (path === undefined) return undefined;
  let srs = strings.get(path);
  if (!srs) strings.set(path, srs = readSrs(path));
  return srs;
}

const faultOf = ({ code, where, message }: Extract<PackageCheck, { ok: false }>): CheckFault => ({ kind: 'fault', code, where, message });

/** @throws when a reference string cannot be read */
export async function checkPackage(task: CheckTask): Promise<Checked | CheckFault> {
  const { data, deployment, srs } = task;
  try {
    if (task.kind === 'record') {
      const pkg = decodeRecordPackage(data), check = await checkRecordPackage(pkg, deployment, await srsOf(srs, pkg.registration.className));
      return check.ok ? { kind: 'record', registration: pkg.registration } : faultOf(check);
    }
    const { registration } = task, pkg = decodeBlockPackage(data, registration.className), check = await checkBlockPackage(pkg, registration, deployment, await srsOf(srs, registration.className));
    return check.ok ? { kind: 'block', batch: pkg.batch } : faultOf(check);
  } catch (error) {
    if (!(error instanceof AttributionError) || error.code.startsWith('FILE_')) throw error;
    return { kind: 'fault', code: /^(PACKAGE|CONTAINER)/.test(error.code) ? error.code : 'PACKAGE', where: error.where ?? task.kind, message: error.shortMessage };
  }
}
