import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { StatementError } from '../errors/statement.js';
import { packageRoot } from '../files/paths.js';
import type { SizeClass } from './sizeClass.js';

/** The size classes of circuits/circuits.json. */
export const sizeClasses = (): SizeClass[] => (JSON.parse(readFileSync(join(packageRoot(), 'circuits', 'circuits.json'), 'utf8')) as { classes: SizeClass[] }).classes;

/** @throws StatementError naming the classes there are */
export function sizeClass(nameOrId: string | number): SizeClass {
  const classes = sizeClasses();
  const found = classes.find((cls) => cls.name === nameOrId || cls.id === nameOrId);
  if (!found) throw new StatementError('unknown size class', { code: 'SIZE_CLASS', where: 'circuits/circuits.json', expected: classes.map((cls) => cls.name).join(', '), got: String(nameOrId) });
  return found;
}
