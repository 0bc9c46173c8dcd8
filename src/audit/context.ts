import { join } from 'node:path';
import type { Srs } from '../commitment/srs.js';
import type { TapSession } from '../inference/session.js';
import type { ModelBundle } from '../models/bundle.js';
import type { DeploymentFile } from '../protocol/artifacts.js';
import type { SizeClass } from '../statement/sizeClass.js';
import type { VerifierKey } from '../verify/proof.js';
import type { Checklist } from './report.js';

export interface AuditKeys {
  features: VerifierKey;
  payout: VerifierKey;
}

/** What every part of an audit works on. */
export interface AuditContext {
  dir: string;
  list: Checklist;
  srs: Srs;
  keys: AuditKeys;
  deployment?: DeploymentFile;
}

/** The model as the bundle holds it: files are whole, the session runs. */
export interface AuditedModel {
  bundle: ModelBundle;
  cls: SizeClass;
  session: TapSession;
}

export const artifactPath = (context: Pick<AuditContext, 'dir'>, file: string): string => join(context.dir, ...file.split('/'));
