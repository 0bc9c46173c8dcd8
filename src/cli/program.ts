import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { AttributionError } from '../errors/base.js';
import { packageRoot } from '../files/paths.js';
import { auditCommand } from './audit/command.js';
import { challengeCommand } from './challenge/command.js';
import { coordinatorCommand } from './coordinator/command.js';
import { datanetCommand } from './datanet/command.js';
import { demoCommand } from './demo/command.js';
import { deployCommand } from './deploy/command.js';
import { doctorCommand } from './doctor/command.js';
import { governCommand } from './govern/command.js';
import { inferCommand } from './infer/command.js';
import { localnetCommand } from './localnet/command.js';
import { marketCommand } from './market/command.js';
import { nodeCommand } from './node/command.js';
import { proveCommand } from './prove/command.js';
import { proverCommand } from './prover/command.js';
import { registerCommand } from './register/command.js';
import { rewardsCommand } from './rewards/command.js';
import { setupCommand } from './setup/command.js';
import { stakeCommand } from './stake/command.js';
import { trainCommand } from './train/command.js';
import { verifyCommand } from './verify/command.js';

const COMMANDS = [
  setupCommand, trainCommand, deployCommand, datanetCommand, stakeCommand, registerCommand, inferCommand, proveCommand, marketCommand, rewardsCommand, challengeCommand, governCommand, verifyCommand, auditCommand,
  coordinatorCommand, proverCommand, nodeCommand, localnetCommand, demoCommand, doctorCommand,
];

/** The command line, not yet run. */
export function createProgram(): Command {
  const { version, description } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string; description: string };
  const program = new Command('zkattr').description(description).version(version).showHelpAfterError().enablePositionalOptions();
  for (const add of COMMANDS) add(program);
  return program;
}

/** Typed errors say where, expected, got and what to do; anything else is a bug and shows its stack. */
export const errorText = (error: unknown): string => (error instanceof AttributionError ? `error [${error.code}] ${error.message}` : error instanceof Error ? error.stack ?? error.message : String(error));
