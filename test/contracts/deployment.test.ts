import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseEther, type Hex } from 'viem';
import {
  connectChain, CONTRACT_KEYS, CONTRACTS, deployEconomy, deploymentOf, deployToFile, Economy, localConfig, manifestJson, parseManifest, productionConfig, readManifest, runtimeCode, send, startAnvil, verifyDeployment,
  writeManifest, type Anvil, type ChainClient, type DeploymentCheck, type Manifest, type Mismatch,
} from '../../src/chain/index.js';
import { TIMELOCK_ROLES } from '../../src/chain/handover.js';
import { withCode, reverts } from './refuses.js';
import { actor, loadClass, trapdoorKeys } from './scenario.js';

const checks = (list: readonly Mismatch[]): DeploymentCheck[] => [...new Set(list.map((m) => m.check))].sort();
const copy = (manifest: Manifest): Manifest => parseManifest(JSON.parse(manifestJson(manifest)));

describe('deployment on a local chain', () => {
  let anvil: Anvil;
  let client: ChainClient;
  let manifest: Manifest;
  let dir: string;
  const connect = (index: number): Promise<ChainClient> => connectChain({ rpcUrl: anvil.rpcUrl, chainId: anvil.chainId, account: actor(index), pollingIntervalMs: 20 });

  before(async () => {
    anvil = await startAnvil();
    client = await connect(0);
    dir = await mkdtemp(join(tmpdir(), 'zkattr-deployment-'));
    manifest = await deployToFile(client, join(dir, '31337.json'), { config: localConfig({ guardian: actor(8).address }), classes: trapdoorKeys(await loadClass('4x4')).classes });
  });
  after(async () => {
    await rm(dir, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  const request = (method: string, params: unknown[]): Promise<unknown> => client.publicClient.request({ method: method as never, params: params as never });
  /** What a change on the chain alone makes verifyDeployment find; the change is undone. */
  async function found(change: () => Promise<unknown>): Promise<Mismatch[]> {
    const snapshot = await request('evm_snapshot', []);
    try {
      await change();
      return await verifyDeployment(client, manifest);
    } finally {
      await request('evm_revert', [snapshot]);
    }
  }
  async function asTimelock(send_: (timelock: ChainClient) => Promise<unknown>): Promise<void> {
    const { address } = manifest.contracts.timelock;
    await request('anvil_impersonateAccount', [address]);
    await request('anvil_setBalance', [address, '0x8ac7230489e80000']);
    await send_(await connectChain({ rpcUrl: anvil.rpcUrl, chainId: anvil.chainId, account: { address, type: 'json-rpc' }, pollingIntervalMs: 20 }));
  }

  it('leaves nothing to the deployer: it is verified against the chain, and its manifest reads back', async () => {
    assert.deepEqual(await verifyDeployment(client, manifest), []);
    assert.deepEqual(await readManifest(join(dir, '31337.json')), manifest);
    assert.equal(existsSync(join(dir, '31337.json.partial')), false);
    const economy = await Economy.connect(client, deploymentOf(manifest));
    for (const role of Object.values(TIMELOCK_ROLES)) assert.equal(await client.publicClient.readContract({ abi: CONTRACTS.timelock.abi, address: manifest.contracts.timelock.address, functionName: 'hasRole', args: [role, client.account!.address] }), false);
    assert.equal(await economy.gateway.liveSelector('payout', manifest.classes[1].classId), manifest.classes[1].selector);
    const { abi } = CONTRACTS.timelock;
    await assert.rejects(send(client, abi, manifest.contracts.timelock.address, 'schedule', [economy.deployment.vault, 0n, '0x', TIMELOCK_ROLES.admin, TIMELOCK_ROLES.admin, 60n]), reverts('AccessControlUnauthorizedAccount'));
    await assert.rejects(send(client, CONTRACTS.gateway.abi, manifest.contracts.gateway.address, 'remove', [manifest.classes[0].selector]), reverts('OwnableUnauthorizedAccount'));
  });

  it('is not overwritten', async () => {
    await assert.rejects(deployToFile(client, join(dir, '31337.json')), withCode('DEPLOYMENT_EXISTS'));
  });

  it('goes on where it was interrupted, and is refused to any other run', async () => {
    const other = await connect(1), path = join(dir, 'resumed.json'), options = { config: localConfig({ guardian: actor(8).address }), classes: trapdoorKeys(await loadClass('4x4')).classes };
    // Among the contracts, before the first key, before the handover, in the middle of it.
    for (const stopAt of [3, 12, 2, 2]) {
      // A chain that takes so many transactions and then no more.
      let sent = 0;
      const failing: ChainClient = {
        ...other,
        walletClient: new Proxy(other.walletClient!, {
          get: (target, name, receiver) => (name === 'deployContract' || name === 'writeContract')
            ? (...args: never[]) => { if (sent++ === stopAt) throw new Error('connection lost'); return (Reflect.get(target, name, receiver) as (...a: never[]) => unknown)(...args); }
            : Reflect.get(target, name, receiver) as unknown,
        }),
      };
      await assert.rejects(deployToFile(failing, path, options), /connection lost/);
      assert.equal(existsSync(path), false);
    }
    await assert.rejects(deployToFile(client, path, options), withCode('DEPLOYMENT_INTERRUPTED'));
    await assert.rejects(deployToFile(other, path, { ...options, config: localConfig({ guardian: actor(7).address }) }), withCode('DEPLOYMENT_INTERRUPTED'));
    const resumed = await deployToFile(other, path, options);
    assert.deepEqual(await verifyDeployment(other, resumed), []);
    assert.ok(CONTRACT_KEYS.every((key) => resumed.contracts[key].transaction !== null));
    assert.equal(existsSync(`${path}.partial`), false);
  });

  it('is refused when another transaction of the account came between', async () => {
    const third = await connect(2), path = join(dir, 'between.json');
    let sent = 0;
    const interrupted: ChainClient = {
      ...third,
      walletClient: new Proxy(third.walletClient!, {
        get: (target, name, receiver) => name === 'deployContract'
          ? async (...args: never[]) => { if (sent++ === 2) await third.publicClient.waitForTransactionReceipt({ hash: await third.walletClient!.sendTransaction({ to: actor(5).address, value: 1n }) }); return (Reflect.get(target, name, receiver) as (...a: never[]) => unknown)(...args); }
          : Reflect.get(target, name, receiver) as unknown,
      }),
    };
    await assert.rejects(deployToFile(interrupted, path, { config: localConfig({ guardian: actor(8).address }) }));
    await assert.rejects(deployToFile(third, path, { config: localConfig({ guardian: actor(8).address }) }), withCode('DEPLOYMENT_INTERRUPTED'));
  });

  it('shows every difference between manifest and chain', async () => {
    const change = async (edit: (m: Manifest) => void): Promise<DeploymentCheck[]> => {
      const altered = copy(manifest);
      edit(altered);
      return checks(await verifyDeployment(client, altered));
    };
    assert.deepEqual(await change((m) => { m.chainId = 1; }), ['chain']);
    assert.ok((await change((m) => { m.contracts.vault.address = m.contracts.court.address; })).includes('address'));
    assert.deepEqual(await change((m) => { m.contracts.stakes.codeHash = m.contracts.vault.codeHash; }), ['code']);
    assert.deepEqual(await change((m) => { m.contracts.stakes.constructorArguments = '0x'; }), ['creation']);
    assert.deepEqual(await change((m) => { m.contracts.stakes.transaction = m.contracts.vault.transaction; }), ['creation']);
    assert.deepEqual(await change((m) => { m.contracts.stakes.transaction = null; }), []);
    assert.deepEqual(await change((m) => { m.contracts.stakes.transaction = null; m.contracts.stakes.blockNumber++; }), ['creation']);
    assert.deepEqual(await change((m) => { m.blocks.first = m.blocks.last; }), ['creation', 'role']);
    assert.deepEqual(await change((m) => { m.classes[0].vkHash = `0x${'11'.repeat(32)}`; }), ['selector', 'vkHash']);
    assert.deepEqual(await change((m) => { m.classes[0].selector = m.classes[1].selector; }), ['selector']);
    assert.deepEqual(await change((m) => { m.config.court.bond += 1n; }), ['creation', 'parameter']);
    assert.deepEqual(await change((m) => { m.config.guardian = actor(5).address; }), ['creation', 'parameter']);
    assert.deepEqual(await change((m) => { m.config.timelockDelaySeconds++; }), ['role']);
    assert.deepEqual(await change((m) => { m.config.governor.votingPeriodSeconds++; }), ['creation', 'governor']);
    assert.deepEqual(await change((m) => { m.config.periodSeconds++; }), ['creation', 'wiring']);
  });

  it('shows what was changed on the chain: code, owners, roles, waiting operations, parameters', async () => {
    const { contracts, classes } = manifest;
    const code = runtimeCode(CONTRACTS.datanets);
    assert.deepEqual(checks(await found(() => request('anvil_setCode', [contracts.datanets.address, `${code.slice(0, -2)}ff`]))), ['code']);
    assert.deepEqual(checks(await found(() => request('anvil_setCode', [contracts.datanets.address, '0x']))), ['code']);
    const { timelock, parameters, gateway } = contracts;
    const role = (functionName: 'grantRole' | 'revokeRole', id: Hex, account: Hex) => (): Promise<void> => asTimelock((t) => send(t, CONTRACTS.timelock.abi, timelock.address, functionName, [id, account]));
    for (const id of Object.values(TIMELOCK_ROLES)) assert.deepEqual(checks(await found(role('grantRole', id, actor(0).address))), ['role']);
    assert.deepEqual(checks(await found(role('revokeRole', TIMELOCK_ROLES.canceller, contracts.governor.address))), ['role']);
    assert.deepEqual(checks(await found(() => asTimelock((t) => send(t, CONTRACTS.timelock.abi, timelock.address, 'updateDelay', [1n])))), ['role']);
    assert.deepEqual(checks(await found(() => asTimelock((t) => send(t, CONTRACTS.parameters.abi, parameters.address, 'transferOwnership', [actor(0).address])))), ['owner']);
    assert.deepEqual(checks(await found(() => asTimelock((t) => send(t, CONTRACTS.verifier.abi, contracts.verifier.address, 'transferOwnership', [actor(0).address])))), ['owner']);
    assert.deepEqual(checks(await found(() => asTimelock((t) => send(t, CONTRACTS.parameters.abi, parameters.address, 'setTreasury', [actor(0).address])))), ['parameter']);
    assert.deepEqual(checks(await found(() => asTimelock((t) => send(t, CONTRACTS.gateway.abi, gateway.address, 'remove', [classes[0].selector])))), ['selector']);
    const waiting = async (): Promise<Mismatch[]> => {
      const snapshot = await request('evm_snapshot', []);
      try {
        await asTimelock((t) => send(t, CONTRACTS.timelock.abi, timelock.address, 'grantRole', [TIMELOCK_ROLES.proposer, actor(0).address]));
        await send(client, CONTRACTS.timelock.abi, timelock.address, 'schedule', [contracts.vault.address, 0n, '0x', TIMELOCK_ROLES.admin, TIMELOCK_ROLES.admin, 60n]);
        await asTimelock((t) => send(t, CONTRACTS.timelock.abi, timelock.address, 'revokeRole', [TIMELOCK_ROLES.proposer, actor(0).address]));
        await asTimelock((t) => send(t, CONTRACTS.timelock.abi, timelock.address, 'revokeRole', [TIMELOCK_ROLES.canceller, actor(0).address]));
        return await verifyDeployment(client, manifest);
      } finally {
        await request('evm_revert', [snapshot]);
      }
    };
    assert.deepEqual(checks(await waiting()), ['operation']);
    assert.deepEqual(await verifyDeployment(client, manifest), []);
  });

  it('refuses a manifest of another form', async () => {
    const path = join(dir, 'bad.json');
    await writeManifest(path, manifest);
    const json = JSON.parse(await readFile(path, 'utf8')) as { contracts: { vault: { name: string; address: string } } };
    await assert.rejects(async () => parseManifest({ ...json, extra: 1 }), withCode('MANIFEST'));
    json.contracts.vault.name = 'Vault';
    await writeFile(path, JSON.stringify(json));
    await assert.rejects(readManifest(path), withCode('MANIFEST'));
    await writeFile(path, '{');
    await assert.rejects(readManifest(path), withCode('MANIFEST'));
  });

  it('refuses development keys and careless roles off local chains, and serves production keys there', async () => {
    const other = await startAnvil({ chainId: 8453 });
    try {
      const production = await connectChain({ rpcUrl: other.rpcUrl, chainId: 8453, account: actor(0), pollingIntervalMs: 20 });
      const cls = await loadClass('4x4'), config = productionConfig({ guardian: actor(8).address });
      await assert.rejects(deployEconomy(production), withCode('CONFIG'));
      await assert.rejects(deployEconomy(production, { config: productionConfig({ guardian: actor(0).address }) }), withCode('CONFIG'));
      await assert.rejects(deployEconomy(production, { config: productionConfig({ guardian: actor(8).address, treasury: actor(0).address }) }), withCode('CONFIG'));
      await assert.rejects(deployEconomy(production, { config, classes: trapdoorKeys(cls, true).classes }), reverts('DevelopmentKey'));
      const deployed = await deployEconomy(production, { config, classes: trapdoorKeys(cls, false).classes });
      const economy = await Economy.connect(production, deploymentOf(deployed));
      assert.equal(await economy.parameters.treasury(), deployed.contracts.timelock.address);
      assert.equal((await economy.parameters.stakes()).node, parseEther('10'));
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await other.stop();
    }
  });
});
