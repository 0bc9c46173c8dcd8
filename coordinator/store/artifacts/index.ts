import type { ArtifactStore } from '../types.js';
import { DiskArtifacts, type DiskOptions } from './disk.js';
import { S3Artifacts, type S3Config } from './s3.js';

/**
 * @param where  folder, or bucket
 * @throws FileError when the folder cannot be made or read
 */
export const openArtifacts = async (where: string | S3Config, options: DiskOptions = {}): Promise<ArtifactStore> =>
  (typeof where === 'string' ? DiskArtifacts.open(where, options) : new S3Artifacts({ ...where, maxBytes: options.maxBytes ?? where.maxBytes }));
