// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../../src/types/Economy.sol";
import "../../src/types/Types.sol";
import {MoneyWorld} from "./MoneyWorld.sol";
import {Stored} from "./Stored.sol";

/// @dev Random users of payments, blocks, jobs and claims, and a model of what each of them must be left with. The model is
///      plain arithmetic over what was called; every disagreement with the contracts is kept in `broken`.
contract MoneyHandler is MoneyWorld {
    enum Paid {
        None,
        Funded,
        Committed,
        Settled,
        Refunded
    }

    enum Block {
        None,
        Committed,
        Challenged,
        Rejected,
        Settled
    }

    enum JobIs {
        None,
        Settled,
        Held,
        Released,
        Reversed
    }

    struct PaymentModel {
        address payer;
        uint256 fee;
        uint256 deadline;
        Paid status;
        Inference inference;
    }

    struct BlockModel {
        BlockRecord data;
        Block status;
        uint256 reservedUntil;
        uint256 refundableFrom;
    }

    struct JobModel {
        bytes32 id;
        uint256[] blocks;
        Credit[] credits;
        JobIs state;
        uint256 period;
        uint256 until;
    }

    /// @dev The first disagreement, empty without one.
    string public broken;
    uint256 public immutable total;
    uint256 public settledJobs;
    uint256 public claims;

    bytes32[] private _keys;
    mapping(bytes32 key => PaymentModel) private _paid;
    mapping(address node => bytes32[]) private _waiting;
    BlockModel[] private _blocks;
    JobModel[] private _jobs;
    mapping(address account => mapping(uint256 period => uint256)) private _balance;
    mapping(uint256 period => uint256) private _opening;
    uint256[] private _periods;
    mapping(address account => address) private _payout;
    uint256 private _held;
    uint256 private _fees; // of funded and committed payments
    uint256 private _nonce;
    uint256 private _now = START;
    uint256 private _window = 1 days;
    Credit[] private _draft;

    constructor() {
        build();
        stake(Role.Node, RIVAL, 10 ether);
        vm.prank(RIVAL);
        inferences.registerNode(address(0), "");
        _periods.push(0);
        total = _native();
    }

    // ---- actions ----

    function pass(uint256 time) external {
        _now += time % 4 == 0 ? bound(time, 0, 2 days) : bound(time, 0, 1 hours);
        vm.warp(_now);
    }

    function changeSplit(uint256[4] calldata cuts) external {
        Split memory s;
        s.contributors = uint16(bound(cuts[0], 1000, 10_000));
        s.node = uint16(bound(cuts[1], 0, 10_000 - s.contributors));
        s.prover = uint16(bound(cuts[2], 0, 10_000 - s.contributors - s.node));
        s.auditors = uint16(bound(cuts[3], 0, 10_000 - s.contributors - s.node - s.prover));
        s.treasury = 10_000 - s.contributors - s.node - s.prover - s.auditors;
        setSplit(s);
    }

    function changeWindow(uint256 window) external {
        _window = bound(window, 0, 3 days);
        setWindows(3 days, uint32(_window));
    }

    function payOne(uint256 fee, uint256 who, bool wrapped) external {
        _pay(fee, who & 1 == 0 ? PAYER : RIVAL, who & 2 == 0 ? NODE : RIVAL, uint32(bound(who, 1, 60)), wrapped);
    }

    function commitSome(uint256 count, bool rival) external {
        address node = rival ? RIVAL : NODE;
        bytes32[] storage waiting = _waiting[node];
        Inference[] memory l = new Inference[](bound(count, 1, 2));
        uint256 refundable = type(uint256).max;
        for (uint256 n; n < l.length;) {
            if (waiting.length == 0) _pay(count, PAYER, node, uint32(bound(count, 1, 60)), false);
            PaymentModel storage m = _paid[waiting[waiting.length - 1]];
            waiting.pop();
            if (m.status != Paid.Funded) continue;
            m.status = Paid.Committed;
            if (m.deadline < refundable) refundable = m.deadline;
            l[n++] = m.inference;
        }
        BlockCommitment memory c = commitment(l);
        c.node = node;
        c.validUntil = uint64(_now);
        vm.prank(node);
        inferences.commitBlock(c);
        BlockModel storage b = _blocks.push();
        Stored.set(b.data, blockRecord(c));
        (b.status, b.refundableFrom) = (Block.Committed, refundable);
    }

    function settleSome(uint256 first, uint256 second, uint256[3] calldata wishes, uint256 zeros, bool greedy, bool byMarket) external {
        if (_blocks.length == 0) return;
        uint256[] memory picks = second % 3 == 0 ? amounts(_pick(first)) : amounts(_pick(first), _pick(second));
        bool fits = picks.length == 1 || picks[0] != picks[1];
        BlockRecord[] memory blocks = new BlockRecord[](picks.length);
        for (uint256 k; k < picks.length; ++k) {
            BlockModel storage b = _blocks[picks[k]];
            blocks[k] = b.data;
            if (b.status != Block.Committed || (!byMarket && _now <= b.reservedUntil)) fits = false;
        }
        uint256[] memory payouts = new uint256[](3);
        if (fits) {
            uint256 left = _contributorSum(picks, zeros);
            for (uint256 i; i < 3; ++i) {
                payouts[i] = bound(wishes[i], 0, left);
                left -= payouts[i];
            }
            if (greedy) (payouts[0], fits) = (payouts[0] + left + 1, false);
        }
        _settle(picks, blocks, payouts, zeros, byMarket, fits);
    }

    function holdJob(uint256 index) external {
        if (_jobs.length == 0) return;
        JobModel storage j = _jobs[index % _jobs.length];
        (bool ok,) = _try(address(court), address(vault), abi.encodeCall(vault.hold, (j.id, j.credits)));
        _expect(ok == (j.state == JobIs.Settled && _now <= j.until), "hold");
        if (!ok) return;
        j.state = JobIs.Held;
        for (uint256 i; i < j.credits.length; ++i) {
            _balance[j.credits[i].account][j.period] -= j.credits[i].amount;
            _held += j.credits[i].amount;
        }
    }

    function endCase(uint256 index, bool upheld) external {
        if (_jobs.length == 0) return;
        JobModel storage j = _jobs[index % _jobs.length];
        bool ok;
        if (!upheld) {
            (ok,) = _try(address(court), address(vault), abi.encodeCall(vault.release, (j.id, j.credits)));
            _expect(ok == (j.state == JobIs.Held), "release");
            if (!ok) return;
            j.state = JobIs.Released;
            for (uint256 i; i < j.credits.length; ++i) _open(j.credits[i].account, j.credits[i].amount);
            return;
        }
        if (j.state != JobIs.Held) return;
        BlockRecord[] memory blocks = new BlockRecord[](j.blocks.length);
        for (uint256 k; k < blocks.length; ++k) blocks[k] = _blocks[j.blocks[k]].data;
        vm.prank(address(court));
        Credit[] memory refunds = inferences.reverseBlocks(recordId, blocks);
        vm.prank(address(court));
        vault.reverse(j.id, j.credits, refunds);
        j.state = JobIs.Reversed;
        for (uint256 k; k < blocks.length; ++k) {
            _blocks[j.blocks[k]].status = Block.Rejected;
            for (uint256 i; i < blocks[k].inferences.length; ++i) {
                PaymentModel storage m = _paid[blocks[k].inferences[i].key];
                if (m.status != Paid.Settled) continue;
                m.status = Paid.Refunded;
                _open(m.payer, m.fee);
            }
        }
    }

    function judgeBlock(uint256 index, bool byFacts, bool rejected) external {
        if (_blocks.length == 0) return;
        BlockModel storage b = _blocks[index % _blocks.length];
        bytes32 id = blockIdOf(b.data);
        address judge = byFacts ? address(facts) : address(court);
        if (b.status == Block.Challenged) {
            vm.prank(judge);
            inferences.resolveBlock(id, rejected);
            b.status = rejected ? Block.Rejected : Block.Committed;
        } else {
            (bool ok,) = _try(judge, address(inferences), abi.encodeCall(inferences.challengeBlock, (id)));
            _expect(ok == (b.status == Block.Committed), "challenge");
            if (ok) b.status = Block.Challenged;
        }
    }

    function reserveBlock(uint256 index, uint256 until, bool free) external {
        if (_blocks.length == 0) return;
        BlockModel storage b = _blocks[index % _blocks.length];
        bytes32[] memory l = ids(blockIdOf(b.data));
        if (free) {
            vm.prank(address(market));
            inferences.unreserve(l);
            b.reservedUntil = 0;
            return;
        }
        until = bound(until, _now, _now + 4 days);
        (bool ok,) = _try(address(market), address(inferences), abi.encodeCall(inferences.reserve, (l, b.data.node, until)));
        _expect(ok == (b.status == Block.Committed && _now > b.reservedUntil && until < b.refundableFrom), "reserve");
        if (ok) b.reservedUntil = until;
    }

    function refundOne(uint256 index) external {
        if (_keys.length == 0) return;
        bytes32 key = _keys[index % _keys.length];
        PaymentModel storage m = _paid[key];
        (bool ok,) = _try(RIVAL, address(inferences), abi.encodeCall(inferences.refund, (ids(key))));
        _expect(ok == ((m.status == Paid.Funded || m.status == Paid.Committed) && _now > m.deadline), "refund");
        if (ok) _refund(m);
    }

    function refundBlock(uint256 index) external {
        if (_blocks.length == 0) return;
        BlockModel storage b = _blocks[index % _blocks.length];
        (bool ok,) = _try(RIVAL, address(inferences), abi.encodeCall(inferences.refundRejected, (recordId, b.data)));
        _expect(ok == (b.status == Block.Rejected), "refund of a rejected block");
        if (!ok) return;
        for (uint256 i; i < b.data.inferences.length; ++i) {
            PaymentModel storage m = _paid[b.data.inferences[i].key];
            if (m.status == Paid.Committed) _refund(m);
        }
    }

    function setPayout(uint256 who, uint256 to) external {
        address account = accounts()[who % 9];
        _payout[account] = to % 2 == 0 ? address(0) : accounts()[to % 9];
        vm.prank(account);
        vault.setPayoutAddress(_payout[account]);
    }

    /// @dev All that is open, by the account or by another; and, now and then, one period that is not.
    function claim(uint256 who, uint256 by, bool unwrap) external {
        address account = accounts()[who % 9];
        address payee = _payout[account] == address(0) ? account : _payout[account];
        address caller = by % 3 == 0 ? accounts()[by % 9] : account;
        if (payee == address(court)) unwrap = false; // takes no native OPEN
        uint256[] memory periods = _openPeriods(by % 7 == 0);
        uint256 due;
        bool open_ = true;
        for (uint256 i; i < periods.length; ++i) {
            due += _balance[account][periods[i]];
            if (_now < _opening[periods[i]]) open_ = false;
        }
        uint256 before = payee.balance + open.balanceOf(payee);
        bytes memory call = caller == account ? abi.encodeCall(vault.claim, (periods, unwrap)) : abi.encodeCall(vault.claimFor, (account, periods, unwrap));
        (bool ok,) = _try(caller, address(vault), call);
        _expect(ok == (due != 0 && open_ && (caller == account || caller == payee)), "claim");
        _expect(payee.balance + open.balanceOf(payee) == before + (ok ? due : 0), "claimed amount");
        if (!ok) return;
        ++claims;
        for (uint256 i; i < periods.length; ++i) _balance[account][periods[i]] = 0;
    }

    // ---- what the invariants compare ----

    function accounts() public view returns (address[9] memory) {
        return [ALICE, BOB, CAROL, PAYER, RIVAL, NODE, PROVER, TREASURY, address(court)];
    }

    function jobCount() external view returns (uint256) {
        return _jobs.length;
    }

    /// @dev Native OPEN of everybody and behind the wrapped; wrapped OPEN of everybody; its supply and its backing.
    function supplies() external view returns (uint256 native, uint256 wrapped, uint256 supply, uint256 backing) {
        address[9] memory a = accounts();
        for (uint256 i; i < 9; ++i) wrapped += open.balanceOf(a[i]);
        address[6] memory c = [address(inferences), address(vault), address(stakes), address(market), address(facts), address(settlement)];
        for (uint256 i; i < 6; ++i) wrapped += open.balanceOf(c[i]);
        return (_native(), wrapped, open.totalSupply(), address(open).balance);
    }

    function registry() external view returns (uint256 balance, uint256 fees, uint256 recorded) {
        for (uint256 i; i < _keys.length; ++i) {
            Paid status = Paid(uint8(inferences.payment(_keys[i]).status));
            if (status != _paid[_keys[i]].status) return (0, 1, 2);
            if (status == Paid.Funded || status == Paid.Committed) recorded += inferences.payment(_keys[i]).fee;
        }
        return (open.balanceOf(address(inferences)), _fees, recorded);
    }

    /// @dev sum: of the balances as the vault says them. same: whether the model says the same of each.
    function ledger() external view returns (uint256 balance, uint256 owed, uint256 sum, uint256 held, bool same) {
        address[9] memory a = accounts();
        same = vault.held() == _held;
        for (uint256 i; i < 9; ++i) {
            for (uint256 p; p < _periods.length; ++p) {
                uint256 amount = vault.balanceOf(a[i], _periods[p]);
                if (amount != _balance[a[i]][_periods[p]]) same = false;
                sum += amount;
            }
        }
        return (open.balanceOf(address(vault)), vault.owed(), sum, vault.held(), same);
    }

    // ---- internals ----

    function _native() private view returns (uint256 sum) {
        address[9] memory a = accounts();
        for (uint256 i; i < 9; ++i) sum += a[i].balance;
        return sum + address(open).balance;
    }

    function _expect(bool ok, string memory what) private {
        if (!ok && bytes(broken).length == 0) broken = what;
    }

    function _try(address from, address target, bytes memory data) private returns (bool, bytes memory) {
        vm.prank(from);
        return target.call(data);
    }

    function _open(address account, uint256 amount) private {
        _held -= amount;
        _balance[account][0] += amount;
    }

    function _refund(PaymentModel storage m) private {
        m.status = Paid.Refunded;
        _fees -= m.fee;
        _balance[m.payer][0] += m.fee;
    }

    /// @dev A small fee in one of three.
    function _pay(uint256 fee, address payer, address node, uint32 rows, bool wrapped) private {
        fee = fee % 3 == 0 ? bound(fee, 1, 9) : bound(fee, 1, (1 << 80) - 1);
        Inference memory i = inference(++_nonce, rows);
        Payment memory p = paymentOf(i, fee);
        p.node = node;
        if (wrapped) {
            vm.startPrank(payer);
            open.deposit{value: fee}();
            open.approve(address(inferences), fee);
            vm.stopPrank();
        }
        vm.prank(payer);
        bytes32 key = inferences.pay{value: wrapped ? 0 : fee}(payments(p))[0];
        _keys.push(key);
        _waiting[node].push(key);
        PaymentModel storage m = _paid[key];
        (m.payer, m.fee, m.deadline, m.status, m.inference) = (payer, fee, _now + 3 days, Paid.Funded, i);
        _fees += fee;
    }

    /// @dev Any block, but mostly the next one that is committed.
    function _pick(uint256 seed) private view returns (uint256) {
        uint256 n = _blocks.length;
        for (uint256 i; i < n && seed % 4 != 0; ++i) {
            if (_blocks[(seed % n + i) % n].status == Block.Committed) return (seed % n + i) % n;
        }
        return seed % n;
    }

    function _contributorSum(uint256[] memory picks, uint256 zeros) private view returns (uint256 sum) {
        uint256 q;
        for (uint256 k; k < picks.length; ++k) {
            BlockRecord storage data = _blocks[picks[k]].data;
            Split memory s = parameters.split(data.splitId);
            for (uint256 i; i < data.inferences.length; (++i, ++q)) {
                PaymentModel storage m = _paid[data.inferences[i].key];
                if (m.status == Paid.Committed && (zeros >> q) & 1 == 0) sum += m.fee * s.contributors / 10_000;
            }
        }
    }

    function _settle(uint256[] memory picks, BlockRecord[] memory blocks, uint256[] memory payouts, uint256 zeros, bool byMarket, bool fits) private {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        Job memory job = Job(record, blocks, PROVER);
        Settlement memory s = settlementOf(payouts, zeros);
        (bool ok, bytes memory out) = byMarket
            ? _try(address(market), address(settlement), abi.encodeCall(settlement.settleReserved, (job, s, opening, proof)))
            : _try(RIVAL, address(settlement), abi.encodeCall(settlement.settle, (job, s, opening, proof)));
        _expect(ok == fits, "settle");
        if (!ok) return;
        ++settledJobs;
        JobModel storage j = _jobs.push();
        (j.id, j.blocks, j.state, j.period, j.until) = (abi.decode(out, (bytes32)), picks, JobIs.Settled, _now / PERIOD + 1, _now + _window);
        uint256 fees = _draftCredits(picks, payouts, zeros);
        uint256 sum;
        if (_opening[j.period] == 0) _periods.push(j.period);
        if (j.period * PERIOD + _window > _opening[j.period]) _opening[j.period] = j.period * PERIOD + _window;
        for (uint256 i; i < _draft.length; ++i) {
            if (_draft[i].amount == 0) continue;
            j.credits.push(_draft[i]);
            sum += _draft[i].amount;
            _balance[_draft[i].account][j.period] += _draft[i].amount;
        }
        delete _draft;
        _fees -= fees;
        _expect(sum == fees, "credits sum to fees");
        (,,, bytes32 creditsHash) = vault.job(j.id);
        _expect(creditsHash == keccak256(abi.encode(j.credits)), "credits");
        _expect(vault.opensAt(j.period) == _opening[j.period], "opening");
    }

    /// @dev The credits in their order, zero amounts included; marks blocks and payments.
    function _draftCredits(uint256[] memory picks, uint256[] memory payouts, uint256 zeros) private returns (uint256 fees) {
        uint256[4] memory sums; // contributors, prover, auditors, nodes
        uint256[] memory nodeOf = new uint256[](picks.length);
        for (uint256 c; c < 3; ++c) _draft.push(Credit(contributors()[c], uint96(payouts[c]), CreditKind.Contributor));
        uint256 q;
        for (uint256 k; k < picks.length; ++k) {
            BlockModel storage b = _blocks[picks[k]];
            b.status = Block.Settled;
            Split memory s = parameters.split(b.data.splitId);
            for (uint256 i; i < b.data.inferences.length; (++i, ++q)) {
                PaymentModel storage m = _paid[b.data.inferences[i].key];
                if (m.status == Paid.Refunded) continue;
                m.status = Paid.Settled;
                fees += m.fee;
                if ((zeros >> q) & 1 == 1) _draft.push(Credit(m.payer, uint96(m.fee * s.contributors / 10_000), CreditKind.ZeroQuery));
                nodeOf[k] += m.fee * s.node / 10_000;
                sums[1] += m.fee * s.prover / 10_000;
                sums[2] += m.fee * s.auditors / 10_000;
            }
        }
        bool same = picks.length == 2 && _blocks[picks[0]].data.node == _blocks[picks[1]].data.node;
        if (same) nodeOf[1] += nodeOf[0];
        for (uint256 k = same ? 1 : 0; k < picks.length; ++k) _draft.push(Credit(_blocks[picks[k]].data.node, uint96(nodeOf[k]), CreditKind.Node));
        _draft.push(Credit(PROVER, uint96(sums[1]), CreditKind.Prover));
        _draft.push(Credit(address(court), uint96(sums[2]), CreditKind.Auditors));
        // The treasury has the rest of the fees.
        uint256 given;
        for (uint256 i; i < _draft.length; ++i) given += _draft[i].amount;
        _draft.push(Credit(TREASURY, uint96(fees - given), CreditKind.Treasury));
    }

    /// @dev The periods that are open; with `all` the others too.
    function _openPeriods(bool all) private view returns (uint256[] memory l) {
        l = new uint256[](_periods.length);
        uint256 n;
        for (uint256 i; i < _periods.length; ++i) {
            if (all || _now >= _opening[_periods[i]]) l[n++] = _periods[i];
        }
        assembly {
            mstore(l, n)
        }
    }
}
