import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  BLOCK_STATUS, CASE_STATUS, CASE_SUBJECT, CONTRIBUTION_STATUS, CREDIT_KINDS, JOB_STATE, MODULES, PAYMENT_STATUS, PROPOSAL_STATE, RECORD_STATUS, REQUEST_STATUS, STAKE_ROLES, VERIFIER_STATUS,
} from '../../../src/chain/index.js';
import { packageRoot } from '../../../src/files/paths.js';

const contracts = join(packageRoot(), 'verifier-contracts', 'src');
const files = ['types', 'interfaces'].flatMap((folder) => readdirSync(join(contracts, folder)).map((name) => join(contracts, folder, name)));
files.push(join(packageRoot(), 'node_modules', '@openzeppelin', 'contracts', 'governance', 'IGovernor.sol'));
const source = files.map((file) => readFileSync(file, 'utf8')).join('\n');

/** Members of a Solidity enum, first letter in lower case. */
const members = (name: string): string[] => {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1];
  assert.ok(body, `enum ${name} is in the sources`);
  return body.split(',').map((member) => member.trim()).filter((member) => member !== '').map((member) => member[0].toLowerCase() + member.slice(1));
};

describe('enums of the contracts', () => {
  const enums: [string, readonly string[]][] = [
    ['Role', STAKE_ROLES], ['Module', MODULES], ['CreditKind', CREDIT_KINDS], ['PaymentStatus', PAYMENT_STATUS], ['BlockStatus', BLOCK_STATUS], ['RecordStatus', RECORD_STATUS], ['JobState', JOB_STATE],
    ['RequestStatus', REQUEST_STATUS], ['Subject', CASE_SUBJECT], ['CaseStatus', CASE_STATUS], ['ContributionStatus', CONTRIBUTION_STATUS], ['Status', VERIFIER_STATUS], ['ProposalState', PROPOSAL_STATE],
  ];
  for (const [name, names] of enums) it(`${name} has these members in this order`, () => assert.deepEqual(names, members(name)));
});
