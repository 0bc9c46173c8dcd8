#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { AttributionError } from '../errors/base.js';
import { packageRoot } from '../files/paths.js';
import { auditCommand } from './audit/command.js';
import { demoCommand } from './demo/command.js';
import { doctorCommand } from './doctor/command.js';
import { inferCommand } from './infer/command.js';
import { proveCommand } from './prove/command.js';
import { registerCommand } from './register/command.js';
import { setupCommand } from './setup/command.js';
import { trainCommand } from './train/command.js';
import { verifyCommand } from './verify/command.js';

const { version, description } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string; description: string };
const program = new Command('zkattr').description(description).version(version).showHelpAfterError().enablePositionalOptions();
for (const add of [setupCommand, trainCommand, registerCommand, inferCommand, proveCommand, verifyCommand, auditCommand, demoCommand, doctorCommand]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  // Typed errors say where, expected, got and what to do; anything else is a bug and shows its stack.
  console.error(error instanceof AttributionError ? `error [${error.code}] ${error.message}` : error);
  process.exitCode = 1;
}
