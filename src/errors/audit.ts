import { AttributionError } from './base.js';

/** An artifact holds something else than the replay gives. Message: "<artifact>: <place>: replay gives <a>, artifact has <b>". */
export class AuditMismatchError extends AttributionError {
  constructor(
    readonly artifact: string,
    readonly place: string,
    message: string,
  ) {
    super(`${place}: ${message}`, { code: 'AUDIT_MISMATCH', where: artifact });
  }
}
