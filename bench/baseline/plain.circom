pragma circom 2.2.0;
include "bitify.circom";
include "lib/duplex.circom";
include "lib/multilinear.circom";
include "lib/split.circom";

// The payout statement the plain way: every product of the computation is a constraint, every input is hashed.
// The cheapest version that we know, so that the comparison is fair:
//   int8 and int16 entries travel packed into words (8 or 16 range constraints each, then 1/31 or 1/15 of a sponge word);
//   segment boundaries are constants of the circuit (ours takes them as data): token t belongs to query floor(t Q / T);
//   one public signal, the hash of all inputs and outputs;  same gadgets for the reward split as ours.
// Constraints: 2 T L r d (projections) + T L r^2 (features) + Q K L r^2 (scores) + about 124 Q K (bits)
//   + about 27.8 T L d + 18.4 r L d + 38 K L r^2 (ranges and hashes) + about 850 Q + 246 K (split)

// Hash of n signed integers of `bits` bits each: range-checked, packed low word first.
template PackedHash(n, bits) {
    var each = 253 \ bits;
    var words = (n + each - 1) \ each;
    signal input in[n];
    signal output out;

    component range[n];
    component hash = Duplex(words, 0);
    hash.state <== 0;
    for (var w = 0; w < words; w++) {
        var word = 0;
        for (var i = each * w; i < each * (w + 1) && i < n; i++) {
            range[i] = Num2Bits(bits);
            range[i].in <== in[i] + (1 << (bits - 1));
            word += (in[i] + (1 << (bits - 1))) * (1 << (bits * (i - each * w)));
        }
        hash.in[w] <== word;
    }
    out <== hash.next;
}

template Plain(queriesLog, contributorsLog, layersLog, rankLog, widthLog, tokensLog) {
    var Q = 1 << queriesLog;
    var K = 1 << contributorsLog;
    var L = 1 << layersLog;
    var r = 1 << rankLog;
    var d = 1 << widthLog;
    var T = 1 << tokensLog;
    var DB = 120 + contributorsLog;

    signal input x[T * L * d];
    signal input delta[T * L * d];
    signal input a[r * L * d];
    signal input b[r * L * d];
    signal input g[K * L * r * r];
    signal input fees[Q];
    signal input payouts[K];
    signal input shifts[Q];
    signal input lambdas[Q];
    signal input feeRemainders[Q];
    signal input payoutRemainders[K];
    signal output statement;

    // u[t,l,a] = sum_j b[a,l,j] delta[t,l,j],  z[t,l,b] = sum_j a[b,l,j] x[t,l,j]
    component u[T * L * r];
    component z[T * L * r];
    for (var t = 0; t < T; t++) for (var l = 0; l < L; l++) for (var i = 0; i < r; i++) {
        var at = (t * L + l) * r + i;
        u[at] = InnerProduct(d);
        z[at] = InnerProduct(d);
        for (var j = 0; j < d; j++) {
            u[at].a[j] <== b[(i * L + l) * d + j];
            u[at].b[j] <== delta[(t * L + l) * d + j];
            z[at].a[j] <== a[(i * L + l) * d + j];
            z[at].b[j] <== x[(t * L + l) * d + j];
        }
    }

    // phi[q,l,a,b] = sum over the tokens of q of u z
    var height = T \ Q;
    component phi[Q * L * r * r];
    for (var q = 0; q < Q; q++) for (var l = 0; l < L; l++) for (var i = 0; i < r; i++) for (var k = 0; k < r; k++) {
        var at = ((q * L + l) * r + i) * r + k;
        phi[at] = InnerProduct(height);
        for (var t = 0; t < height; t++) {
            phi[at].a[t] <== u[((q * height + t) * L + l) * r + i].out;
            phi[at].b[t] <== z[((q * height + t) * L + l) * r + k].out;
        }
    }

    // s[q,c] = sum phi g, its sign and 120 bits; w = max(s, 0)
    component score[Q][K];
    component bits[Q][K];
    signal sign[Q][K];
    signal positive[Q][K];
    component rate[Q];
    var features = L * r * r;
    for (var q = 0; q < Q; q++) {
        var total = 0;
        for (var c = 0; c < K; c++) {
            score[q][c] = InnerProduct(features);
            for (var i = 0; i < features; i++) {
                score[q][c].a[i] <== phi[q * features + i].out;
                score[q][c].b[i] <== g[c * features + i];
            }
            sign[q][c] <-- score[q][c].out < 0 ? 1 : 0;
            sign[q][c] * (sign[q][c] - 1) === 0;
            bits[q][c] = Num2Bits(120);
            bits[q][c].in <== score[q][c].out * (1 - 2 * sign[q][c]);
            positive[q][c] <== (1 - sign[q][c]) * score[q][c].out;
            total += positive[q][c];
        }
        rate[q] = ShareRate(DB);
        rate[q].total <== total;
        rate[q].shift <== shifts[q];
        rate[q].lambda <== lambdas[q];
        rate[q].remainder <== feeRemainders[q];
        rate[q].fee <== fees[q];
    }

    component value[K];
    component paid[K];
    for (var c = 0; c < K; c++) {
        value[c] = PayoutValue();
        value[c].payout <== payouts[c];
        value[c].remainder <== payoutRemainders[c];
        paid[c] = InnerProduct(Q);
        for (var q = 0; q < Q; q++) {
            paid[c].a[q] <== positive[q][c];
            paid[c].b[q] <== rate[q].mu;
        }
        paid[c].out === value[c].value;
    }

    component hashX = PackedHash(T * L * d, 8);
    hashX.in <== x;
    component hashDelta = PackedHash(T * L * d, 16);
    hashDelta.in <== delta;
    component hashA = PackedHash(r * L * d, 8);
    hashA.in <== a;
    component hashB = PackedHash(r * L * d, 8);
    hashB.in <== b;
    component hashG = Duplex(K * features, 0);
    hashG.state <== 0;
    hashG.in <== g;
    component all = Duplex(6 + Q + K, 0);
    all.state <== 0;
    all.in[0] <== hashX.out;
    all.in[1] <== hashDelta.out;
    all.in[2] <== hashA.out;
    all.in[3] <== hashB.out;
    all.in[4] <== hashG.next;
    var zeroQueries = 0;
    for (var q = 0; q < Q; q++) {
        all.in[6 + q] <== fees[q];
        zeroQueries += (1 << q) * rate[q].isZero;
    }
    all.in[5] <== zeroQueries;
    for (var c = 0; c < K; c++) all.in[6 + Q + c] <== payouts[c];
    statement <== all.next;
}
