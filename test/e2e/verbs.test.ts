/** The verbs of the economy, step by step on one chain, as the command line runs them. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keccak256, stringToHex, type Hex } from 'viem';
import { startAnvil, type Anvil, type Economy } from '../../src/chain/index.js';
import { account, economyAs, fundedAs, type ChainAccess, type Role } from '../../src/cli/accounts.js';
import { contentOf } from '../../src/cli/datanet/handler.js';
import { advanceTo, mine } from '../../src/cli/demo/chainTime.js';
import { submitRequest, writeRequest } from '../../src/cli/market/handler.js';
import { nextBatches } from '../../src/cli/prove/blocks.js';
import { Workspace } from '../../src/cli/workspace.js';
import { readBundle } from '../../src/models/index.js';
import { artifactJson, payerReceiptsSchema, readArtifact, type Batch, type RequestFile } from '../../src/protocol/artifacts.js';
import { runHere } from '../support/cli.js';

const hashOf = (text: string): Hex => keccak256(stringToHex(text));
const CHAIN = 31337;

describe('the verbs of the economy', () => {
  let dir: string, anvil: Anvil, chain: string[], access: ChainAccess, workspace: Workspace, contributors: number;
  const tell = (...args: string[]): Promise<{ code: number; out: string }> => runHere([...args, ...chain, '--dir', dir]);
  const zkattr = async (...args: string[]): Promise<string> => {
    const { code, out } = await tell(...args);
    assert.equal(code, 0, `${args.join(' ')}\n${out}`);
    return out;
  };
  const fails = async (pattern: RegExp, ...args: string[]): Promise<void> => {
    const { code, out } = await tell(...args);
    assert.equal(code, 1, out);
    assert.match(out, pattern);
  };
  const as = async (role: Role, index = 0): Promise<Economy> => economyAs(access, await workspace.deployment(), role, index);
  const pass = async (seconds: bigint): Promise<void> => {
    const owner = await as('owner');
    await advanceTo(owner, (await owner.client.publicClient.getBlock()).timestamp + seconds);
  };
  const found = (pattern: RegExp, text: string): string => {
    const match = pattern.exec(text);
    assert.ok(match, `${pattern} is not in\n${text}`);
    return match[1];
  };
  const json = async <T>(...parts: string[]): Promise<T> => JSON.parse(await readFile(join(dir, ...parts), 'utf8')) as T;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-economy-'));
    workspace = new Workspace(dir);
    anvil = await startAnvil();
    access = { rpcUrl: anvil.rpcUrl, chainId: anvil.chainId };
    chain = ['--rpc', anvil.rpcUrl];
    assert.equal((await runHere(['train', '--dir', dir])).code, 0);
    contributors = (await readBundle(workspace.model)).manifest.contributors.length;
  });
  after(async () => {
    await anvil?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('deploy: writes a manifest that the chain confirms, and not over another one', async () => {
    const config = join(dir, 'config.json');
    await writeFile(config, JSON.stringify({ periodSeconds: 7200 }));
    assert.match(await zkattr('deploy', '--config', config), /RewardVault +0x.*[^]*verified against the chain/);
    assert.equal((await workspace.deployment()).config.periodSeconds, 7200);
    assert.match(await zkattr('deploy', '--verify'), /^ok /m);
    await fails(/DEPLOYMENT_EXISTS/, 'deploy');
  });

  it('deploy --verify: names what differs', async () => {
    const manifest = await json<{ contracts: { vault: { address: string }; market: { address: string } } }>('deployment.json');
    const altered = structuredClone(manifest);
    altered.contracts.vault.address = manifest.contracts.market.address;
    await writeFile(workspace.deploymentFile, JSON.stringify(altered));
    await fails(/^FAIL (address|code) .*vault/mi, 'deploy', '--verify');
    await writeFile(workspace.deploymentFile, JSON.stringify(manifest));
  });

  let snapshotId: string;
  it('datanet: contributors bring their rows, the curator decides, a snapshot freezes them', async () => {
    assert.match(await zkattr('datanet', 'create', '--uri', 'ipfs://policy'), /Datanet 1/);
    for (const c of [0, 1]) assert.match(await zkattr('datanet', 'contribute', '1', '--contributor', String(c), '--as', `contributor:${c}`), new RegExp(`contribution ${c + 1}: `));
    const bundle = await readBundle(workspace.model), manifest = await workspace.deployment();
    for (let c = 2; c < contributors; c++) {
      const { contentHash, rows } = contentOf(bundle, c);
      await (await fundedAs(access, manifest, 'contributor', c)).datanets.contribute(1n, contentHash, rows, '');
    }
    await fails(/DuplicateContent/, 'datanet', 'contribute', '1', '--contributor', '0', '--as', 'contributor:1');
    await zkattr('datanet', 'contribute', '1', '--hash', hashOf('spam'), '--rows', '5', '--as', 'contributor:20');
    const ids = Array.from({ length: contributors }, (_, c) => String(c + 1));
    await zkattr('datanet', 'accept', ...ids);
    await zkattr('datanet', 'reject', String(contributors + 1), '--reason', 'spam');
    await zkattr('datanet', 'consent', '1', 'no', '--as', 'contributor:0');
    assert.match(await zkattr('datanet', 'show', '1'), /1 {2}0x\w+ {2}130 rows {2}accepted, no consent/);
    await zkattr('datanet', 'consent', '1', 'yes', '--as', 'contributor:0');
    const out = await zkattr('datanet', 'snapshot', '1');
    snapshotId = found(/snapshot (0x\w{64})/, out);
    assert.equal(out.match(/ rows$/gm)?.length, contributors);
  });

  it('register --snapshot: takes that snapshot, refuses contributors out of order, and has no other', async () => {
    const list = Array.from({ length: contributors }, (_, c) => account(CHAIN, 'contributor', c).address), payouts = join(dir, 'payouts.json');
    await writeFile(payouts, JSON.stringify([...list].reverse()));
    await fails(/CONTRIBUTOR_ORDER.*sort the contributors/s, 'register', '--snapshot', snapshotId, '--payouts', payouts);
    await fails(/SNAPSHOT/, 'register', '--snapshot', hashOf('none'));
    await writeFile(payouts, JSON.stringify(list));
    assert.match(await zkattr('register', '--snapshot', snapshotId, '--payouts', payouts), new RegExp(`snapshot ${snapshotId} of Datanet 1`));
  });

  it('stake: deposits, shows, unbonds', async () => {
    await zkattr('stake', 'deposit', 'node', '30');
    assert.match(await zkattr('stake', 'show'), /node +30 OPEN active \(least 10\)/);
    await zkattr('stake', 'unbond', 'node', '1.5');
    assert.match(await zkattr('stake', 'show', account(CHAIN, 'node').address), /28\.5 OPEN active.*1\.5 unbonding until/);
    await fails(/StillUnbonding/, 'stake', 'withdraw', 'node');
  });

  it('market: a request is listed, locked, delivered; another one cancelled; the deposit comes back', async () => {
    await zkattr('infer', '--count', '3');
    const folder = workspace.next('jobs'), node = await as('node');
    const { requestId } = await submitted(folder, node);
    assert.match(await zkattr('market', 'list'), new RegExp(`${requestId} open: 1 blocks`));
    await zkattr('market', 'lock', requestId);
    assert.match(await zkattr('market', 'list'), /locked by 0x/);
    await zkattr('prove', '--no-settle');
    assert.match(await zkattr('market', 'deliver', requestId), /delivered job 0/);
    assert.match(await zkattr('market', 'list', '--all'), new RegExp(`${requestId} paid`));
    await zkattr('prove'); // notes what was delivered

    await zkattr('infer', '--from', '10', '--count', '1');
    const { requestId: second } = await submitted(workspace.next('jobs'), node);
    await fails(/NotExpired/, 'market', 'expire', second);
    await zkattr('market', 'cancel', second);
    assert.match(await zkattr('market', 'withdraw'), /OPEN withdrawn/);
    assert.equal(await node.market.depositOf(node.client.account!.address), 0n);
  });
  async function submitted(folder: string, node: Economy): Promise<RequestFile> {
    const file = await writeRequest(workspace, folder, node, await nextBatches(workspace));
    await submitRequest(node, file);
    return file;
  }

  it('rewards: tell when they open, are paid then, and say where they come from', async () => {
    assert.match(await zkattr('rewards', 'claimable', '--as', 'contributor:1'), /OPEN, opens 20/);
    const owner = await as('owner'), job = await json<{ jobId: Hex }>('jobs', '0', 'job.json');
    await advanceTo(owner, await owner.rewards.opensAt((await owner.rewards.job(job.jobId)).period));
    assert.match(await zkattr('rewards', 'claimable', '--as', 'contributor:1'), /OPEN, open$/m);
    const amount = found(/^([\d.]+) OPEN paid/m, await zkattr('rewards', 'claim', '--as', 'contributor:1'));
    const out = await zkattr('rewards', 'explain', account(CHAIN, 'contributor', 1).address);
    assert.match(out, new RegExp(`${amount} OPEN as contributor: job 0x.* of 3 queries.*contributor 1 with 100 training rows`));
    await fails(/NothingToClaim/, 'rewards', 'claim', '--as', 'contributor:1');
  });

  it('challenge: a case is opened, its committee votes, and it is dismissed', async () => {
    for (let i = 0; i < 4; i++) await zkattr('challenge', 'join', '--as', `auditor:${i}`);
    await pass(5n); // drawn are those who joined before
    await zkattr('prove'); // the cancelled request's block, for its fees alone
    await zkattr('infer', '--from', '20', '--count', '1');
    const { blockId } = await json<{ blockId: Hex }>('batches', '2', 'batch.json'), owner = await as('owner');
    assert.match(await zkattr('challenge', 'open', 'block', blockId, '--evidence', join(dir, 'config.json')), /case 1, bond 1 OPEN/);
    await mine(owner, 2);
    const drawn = await zkattr('challenge', 'draw', '1'), auditors = [0, 1, 2, 3].filter((i) => drawn.includes(account(CHAIN, 'auditor', i).address));
    assert.equal(auditors.length, 3);
    for (const i of auditors) await zkattr('challenge', 'vote', 'commit', '1', i === auditors[0] ? 'uphold' : 'dismiss', '--as', `auditor:${i}`);
    await fails(/TooEarly/, 'challenge', 'vote', 'reveal', '1', '--as', `auditor:${auditors[0]}`);
    await advanceTo(owner, (await owner.court.case(1n)).commitUntil + 1n);
    for (const i of auditors) await zkattr('challenge', 'vote', 'reveal', '1', '--as', `auditor:${i}`);
    assert.match(await zkattr('challenge', 'close', '1'), /case 1: dismissed/);
    assert.match(await zkattr('challenge', 'show', '1'), /1 to uphold, 2 to dismiss/);
    await zkattr('challenge', 'leave', '--as', 'auditor:3');
  });

  it('challenge: a settled job is held and released', async () => {
    await zkattr('challenge', 'join', '--as', 'auditor:3');
    await pass(5n);
    await zkattr('prove');
    const { jobId } = await json<{ jobId: Hex }>('jobs', '2', 'job.json'), owner = await as('owner');
    await zkattr('challenge', 'open', 'job', jobId);
    assert.equal((await owner.rewards.job(jobId)).state, 'held');
    await mine(owner, 2);
    const drawn = await zkattr('challenge', 'draw', '2');
    const auditors = [0, 1, 2, 3].filter((i) => drawn.includes(account(CHAIN, 'auditor', i).address));
    for (const i of auditors) await zkattr('challenge', 'vote', 'commit', '2', 'dismiss', '--as', `auditor:${i}`);
    await advanceTo(owner, (await owner.court.case(2n)).commitUntil + 1n);
    for (const i of auditors) await zkattr('challenge', 'vote', 'reveal', '2', '--as', `auditor:${i}`);
    assert.match(await zkattr('challenge', 'close', '2'), /case 2: dismissed/);
    assert.equal((await owner.rewards.job(jobId)).state, 'released');
  });

  it('challenge: two signatures of a node under different answers cost its stake', async () => {
    const { receipts: [first] } = await readArtifact(workspace.path('batches', '0', 'receipts.json'), payerReceiptsSchema), node = await as('node');
    const other = { ...first.receipt, outputHash: hashOf('another answer') };
    await writeFile(join(dir, 'first.json'), artifactJson(first));
    await writeFile(join(dir, 'second.json'), artifactJson({ receipt: other, signature: await node.inferences.signReceipt(other) }));
    assert.match(await zkattr('challenge', 'fact', 'equivocation', join(dir, 'first.json'), join(dir, 'second.json')), /lost 10 OPEN/);
    await fails(/AlreadyDecided/, 'challenge', 'fact', 'equivocation', join(dir, 'first.json'), join(dir, 'second.json'));
  });

  it('govern: a proposal for another split passes, and blocks from then on are split by it', async () => {
    await zkattr('govern', 'delegate', '100');
    await pass(2n);
    await fails(/SPLIT/, 'govern', 'propose', '--split', '5000,5000', '--description', 'no');
    await fails(/RULE/, 'govern', 'propose', '--rule', 'windows', '--set', '{"challengeSeconds": -1}', '--description', 'no');
    const id = found(/proposal (\d+)/, await zkattr('govern', 'propose', '--split', '5000,3000,1000,500,500', '--description', 'more for nodes'));
    const rule = found(/proposal (\d+)/, await zkattr('govern', 'propose', '--rule', 'windows', '--set', '{"challengeSeconds": 3600}', '--description', 'an hour to challenge'));
    const { governance, parameters } = await as('owner'), owner = await as('owner');
    await advanceTo(owner, (await governance.schedule(BigInt(rule))).start + 1n);
    for (const proposal of [id, rule]) assert.match(await zkattr('govern', 'vote', proposal, 'for', '--reason', 'agreed'), /100 OPEN voted for/);
    await advanceTo(owner, (await governance.schedule(BigInt(rule))).end + 1n);
    for (const proposal of [id, rule]) await zkattr('govern', 'queue', proposal);
    await advanceTo(owner, (await governance.schedule(BigInt(rule))).executableAt + 1n);
    for (const proposal of [id, rule]) await zkattr('govern', 'execute', proposal, '--as', 'prover');
    assert.match(await zkattr('govern', 'list'), /executed: more for nodes[^]*executed: an hour to challenge/);
    assert.equal((await parameters.windows()).challengeSeconds, 3600);
    assert.equal(await parameters.currentSplitId(), 2);

    await zkattr('infer', '--from', '40', '--count', '2');
    const [last] = workspace.finished('batches', 'batch.json').slice(-1);
    assert.deepEqual((await json<Batch>('batches', last, 'batch.json')).split, { id: 2, contributors: 5000 });
    assert.match(await zkattr('prove'), /settled with/);
    await fails(/FAIL parameter currentSplitId/, 'deploy', '--verify');
  });

  it('stake: withdraws what has unbonded', async () => {
    await pass(86_401n);
    assert.match(await zkattr('stake', 'withdraw', 'node'), /1\.5 OPEN withdrawn/);
  });

  it('elsewhere than on a local chain: nothing is assumed', async () => {
    const other = await startAnvil({ chainId: 4242 }), before = process.env.ZKATTR_PRIVATE_KEY;
    const there = (...args: string[]): Promise<{ code: number; out: string }> => runHere([...args, '--rpc', other.rpcUrl, '--chain-id', '4242', '--dir', join(dir, 'elsewhere')]);
    try {
      delete process.env.ZKATTR_PRIVATE_KEY;
      const config = join(dir, 'production.json');
      await writeFile(config, JSON.stringify({ guardian: account(CHAIN, 'owner').address }));
      assert.match((await there('deploy')).out, /CONFIG.*guardian/);
      assert.match((await there('deploy', '--config', config)).out, /DEVELOPMENT_KEYS.*zkattr setup --ptau/s);
      assert.match((await there('stake', 'show')).out, /STEP_MISSING.*zkattr deploy/s);
      await cp(workspace.deploymentFile, join(dir, 'elsewhere', 'deployment.json'));
      assert.match((await there('stake', 'show')).out, /NO_PRIVATE_KEY.*ZKATTR_PRIVATE_KEY/s);
      process.env.ZKATTR_PRIVATE_KEY = `0x${'11'.repeat(32)}`;
      assert.match((await there('stake', 'show')).out, /CHAIN_ID_MISMATCH/);
    } finally {
      if (before === undefined) delete process.env.ZKATTR_PRIVATE_KEY;
      else process.env.ZKATTR_PRIVATE_KEY = before;
      await other.stop();
    }
  });
});
