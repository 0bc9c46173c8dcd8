import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseEther } from 'viem';
import { startAnvil, type Anvil, type Proposal } from '../../src/chain/index.js';
import { reverts } from './refuses.js';
import { advance, advanceTo, world, type World } from './scenario.js';

describe('governance on a local chain', () => {
  let anvil: Anvil;
  let w: World;

  before(async () => {
    anvil = await startAnvil();
    w = await world(anvil.rpcUrl, anvil.chainId);
  });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  it('changes a parameter by a vote of OPEN holders, after the delay of the timelock', async () => {
    const holder = w.payer, { governance } = holder;
    const windows = await holder.parameters.windows();
    const proposal: Proposal = {
      description: 'longer challenge window',
      calls: [governance.call('parameters', 'setWindows', [{ ...windows, challengeSeconds: windows.challengeSeconds * 2 }]), governance.call('parameters', 'unpause', [0])],
    };
    await assert.rejects(governance.propose(proposal), reverts('GovernorInsufficientProposerVotes'));
    await holder.token.wrap(parseEther('100'));
    await holder.token.delegate(holder.client.account!.address);
    await advance(holder, 2);
    const { result: id } = await governance.propose(proposal);
    const { start } = await governance.schedule(id);
    await assert.rejects(governance.vote(id, 'for'), reverts('GovernorUnexpectedProposalState'));
    await advanceTo(holder, start + 1n);
    await governance.vote(id, 'for', 'people need time to look');
    assert.deepEqual(await governance.votes(id), { against: 0n, for: parseEther('100'), abstain: 0n });
    await advanceTo(holder, (await governance.schedule(id)).end + 1n);
    assert.equal(await governance.state(id), 'succeeded');
    await w.prover.governance.queue(proposal);
    await assert.rejects(w.prover.governance.execute(proposal), reverts('TimelockUnexpectedOperationState'));
    await advanceTo(holder, (await governance.schedule(id)).executableAt + 1n);
    await w.prover.governance.execute(proposal);
    assert.equal(await governance.state(id), 'executed');
    assert.equal((await holder.parameters.windows()).challengeSeconds, windows.challengeSeconds * 2);
  });

  it('lets the guardian freeze a verifier, and nobody else', async () => {
    const selector = await w.owner.gateway.liveSelector('payout', w.cls.id);
    await assert.rejects(w.owner.gateway.freeze(selector), reverts('NotAGuardian'));
    await (await w.as(8)).gateway.freeze(selector);
    assert.equal((await w.owner.gateway.entry(selector)).status, 'frozen');
    await assert.rejects(w.owner.gateway.liveSelector('payout', w.cls.id), reverts('ClassWithoutVerifier'));
  });
});
