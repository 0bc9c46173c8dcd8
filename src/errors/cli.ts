import { AttributionError } from './base.js';

/** A command that cannot run with what it was given. */
export class CliError extends AttributionError {}
