/** Model, adapter and features record of the registration, as the model registry took them, and what became of the record. */
import type { Hex } from 'viem';
import { RECORD_STATUS, verifierSelector } from '../../chain/index.js';
import { AuditMismatchError } from '../../errors/audit.js';
import { assertOnChain } from '../compare.js';
import type { AuditContext } from '../context.js';
import type { AuditedRegistration } from '../registration.js';
import { sameAccount, type ChainView } from './view.js';

const FILE = 'registration/registration.json';

/** What an artifact says of its transaction, against the event's. */
export async function assertTransaction({ economy }: ChainView, artifact: string, stated: { hash: Hex; gas: number } | undefined, event: { transactionHash: Hex }): Promise<void> {
  if (!stated) return;
  assertOnChain(artifact, 'transaction.hash', event.transactionHash, stated.hash);
  assertOnChain(artifact, 'transaction.gas', Number((await economy.client.publicClient.getTransactionReceipt({ hash: event.transactionHash })).gasUsed), stated.gas);
}

export async function auditRecord({ list, deployment }: AuditContext, view: ChainView, { registration: r, record }: AuditedRegistration): Promise<void> {
  await list.check('chain: registration', async () => {
    const [[model], [adapter], [features]] = await Promise.all([
      view.events('models', 'ModelRegistered', { modelHash: r.adapter.modelHash }), view.events('models', 'AdapterRegistered', { adapterId: r.adapterId }), view.events('models', 'FeaturesRegistered', { recordId: r.recordId }),
    ]);
    if (!model) throw new AuditMismatchError(FILE, 'adapter.modelHash', `${r.adapter.modelHash} is not registered on chain`);
    if (!adapter) throw new AuditMismatchError(FILE, 'adapterId', `${r.adapterId} is not registered on chain`);
    assertOnChain(FILE, 'adapter', adapter.args.data, r.adapter);
    if (!features) throw new AuditMismatchError(FILE, 'recordId', `${r.recordId} is not registered on chain`);
    if (!record) throw new AuditMismatchError(FILE, 'record', 'its values do not fit the contract: see the check of the registration');
    assertOnChain(FILE, 'record', features.args.record, record);
    assertOnChain(FILE, 'training', features.args.training, r.training);
    assertOnChain(FILE, 'adapter.owner', features.args.registrant, r.adapter.owner);
    await assertTransaction(view, FILE, r.transaction, features);
    assertOnChain(FILE, 'selector', features.args.selector, r.selector);
    const { selector } = features.args, entry = await view.read('gateway', 'entry', [selector]);
    assertOnChain('deployment.json', 'selector of the features', selector, verifierSelector('features', r.adapter.classId, entry.version, entry.vkHash));
    const named = deployment?.classes.some((c) => sameAccount(c.selector, selector));
    const current = await view.read('models', 'currentRecord', [r.adapterId]);
    return `model, adapter and record registered with this data, proved to verifier ${selector}${named ? '' : ', which the manifest does not name'}${sameAccount(current, r.recordId) ? '; the current record' : `; current is ${current}`}`;
  });
  await list.check('chain: record status', async () => {
    const [adapterId, code, challengedAt] = await view.read('models', 'record', [r.recordId]), status = RECORD_STATUS[code];
    if (status === 'unknown' || status === 'revoked') throw new AuditMismatchError(FILE, 'recordId', `the record is ${status} on chain`);
    assertOnChain(FILE, 'adapterId', adapterId, r.adapterId);
    return status === 'challenged' ? `challenged since ${challengedAt}: nothing is settled on it while the case is open` : `${status}${challengedAt > 0n ? `; a challenge of ${challengedAt} was dismissed or void` : ''}`;
  });
}
