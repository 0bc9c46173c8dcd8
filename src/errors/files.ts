import { AttributionError } from './base.js';

/** A file that cannot be read or written, or whose content is truncated or not of its format. */
export class FileError extends AttributionError {}
