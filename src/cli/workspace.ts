/** Folder of artifacts (src/protocol/artifacts.ts) and what every verb needs around it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSrs, type Srs } from '../commitment/srs.js';
import { CliError } from '../errors/cli.js';
import { readArtifact, deploymentSchema, registrationSchema, registrationSecretsSchema, type DeploymentFile, type Registration, type RegistrationSecrets } from '../protocol/artifacts.js';
import type { SizeClass } from '../statement/sizeClass.js';
import type { SetupKeys } from '../../prover/setup/index.js';

export type ArtifactKind = 'batches' | 'jobs';

export class Workspace {
  constructor(readonly dir: string) {}
  readonly path = (...parts: string[]): string => join(this.dir, ...parts);
  get model(): string { return this.path('model'); }
  get deploymentFile(): string { return this.path('deployment.json'); }
  get registrationFile(): string { return this.path('registration', 'registration.json'); }
  get registrationSecretsFile(): string { return this.path('registration', 'secrets.json'); }

  /** Subfolders that hold `file`, in numeric order. */
  finished(kind: ArtifactKind, file: string): string[] {
    const root = this.path(kind);
    if (!existsSync(root)) return [];
    return readdirSync(root).filter((name) => existsSync(join(root, name, file))).sort((a, b) => Number(a) - Number(b));
  }
  has(kind: ArtifactKind, folder: string, file: string): boolean { return existsSync(this.path(kind, folder, file)); }
  /** Name of the next subfolder: one above the largest that exists, finished or not. */
  next(kind: ArtifactKind): string {
    const root = this.path(kind);
    return String(existsSync(root) ? Math.max(-1, ...readdirSync(root).map(Number).filter(Number.isInteger)) + 1 : 0);
  }
  deployment(): Promise<DeploymentFile> { return this.need(this.deploymentFile, deploymentSchema, 'zkattr deploy'); }
  registration(): Promise<Registration> { return this.need(this.registrationFile, registrationSchema, 'zkattr register'); }
  registrationSecrets(): Promise<RegistrationSecrets> { return this.need(this.registrationSecretsFile, registrationSecretsSchema, 'zkattr register'); }

  private async need<S extends Parameters<typeof readArtifact>[1]>(path: string, schema: S, step: string): ReturnType<typeof readArtifact<S>> {
    if (!existsSync(path)) throw new CliError('artifact is missing', { code: 'STEP_MISSING', where: path, hint: `run \`${step}\` first, or point --dir to the right folder` });
    return readArtifact(path, schema);
  }
}

/** Development keys of a class, or those in `keysDir` (zkattr setup --ptau). */
export async function openKeys(cls: SizeClass, keysDir: string | undefined, progress: Progress): Promise<{ keys: SetupKeys; srs: Srs }> {
  const setup = await import('../../prover/setup/index.js');
  const keys = keysDir ? await setup.openSetup(keysDir) : await setup.developmentKeys(cls, { progress });
  if (keys.className !== cls.name) throw new CliError('keys are of another size class', { code: 'KEYS_CLASS', where: keys.dir, expected: cls.name, got: keys.className });
  return { keys, srs: await readSrs(keys.srs) };
}

export type Progress = (message: string) => void;

/** Progress lines on standard error, with seconds since the start. */
export function consoleProgress(quiet = false): Progress {
  const start = performance.now();
  let last = '';
  return (message) => {
    if (quiet || message === last) return;
    last = message;
    process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1).padStart(7)} s  ${message}\n`);
  };
}
