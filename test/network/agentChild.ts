/** A prover agent in a process of its own: gets its options from its parent, says when it works. */
import { createLogger, runAgent, type AgentOptions } from '../../prover/agent/index.js';
import type { Party } from '../support/story.js';
import { accountOf } from './networkWorld.js';

process.on('message', ({ party, options }: { party: Party; options: Omit<AgentOptions, 'account'> }) => {
  void runAgent({ ...options, account: accountOf(party), logger: createLogger({ level: process.env.LOG ?? 'silent' }) }).then(() => process.send!('ready'));
});
process.on('disconnect', () => process.exit(0));
