pragma circom 2.2.0;
include "bitify.circom";
include "multilinear.circom";

// MLE in tau of [t < b] for an integer b of bitsLog + 1 bits:
//   a_0 = 0, a_(k+1) = eq1(tau_k, b_k) a_k + b_k (1 - tau_k), k = 0..n, tau_n := 0
// so b = 2^n gives 1 everywhere. 2n + 1 constraints after the bits.
template LessThanExtension(n) {
    signal input tau[n];
    signal input bits[n + 1];
    signal output out;

    signal cross[n];
    signal a[n + 1];
    a[0] <== 0;
    for (var k = 0; k < n; k++) {
        cross[k] <== tau[k] * bits[k];
        a[k + 1] <== (1 - tau[k] - bits[k] + 2 * cross[k]) * a[k] + bits[k] - cross[k];
    }
    out <== a[n] + bits[n] * (1 - a[n]);
}

// seg(rho, tau) = sum_s eq(rho, s) [lt(tau, b_(s+1)) - lt(tau, b_s)], b_0 = 0: the weight of token tau for segment point rho.
//   boundaries  b_1 .. b_S, each in n + 1 bits and not below the one before (a non-monotone list would give rows weight -1:
//               no solution), the last at most 2^tl = tokens
template SegmentWeight(segmentsLog, n) {
    signal input rho[segmentsLog];
    signal input tau[n];
    signal input boundaries[1 << segmentsLog];
    signal input tokens;
    signal output out;

    var S = 1 << segmentsLog;
    component bits[S];
    component gap[S + 1];
    component below[S];
    signal share[S];
    component eq = EqTable(segmentsLog);
    eq.point <== rho;
    var total = 0;
    for (var s = 0; s < S; s++) {
        bits[s] = Num2Bits(n + 1);
        bits[s].in <== boundaries[s];
        gap[s] = Num2Bits(n + 1);
        gap[s].in <== s == 0 ? boundaries[0] : boundaries[s] - boundaries[s - 1];
        below[s] = LessThanExtension(n);
        below[s].tau <== tau;
        below[s].bits <== bits[s].out;
        share[s] <== eq.out[s] * (s == 0 ? below[0].out : below[s].out - below[s - 1].out);
        total += share[s];
    }
    gap[S] = Num2Bits(n + 1);
    gap[S].in <== tokens - boundaries[S - 1];
    out <== total;
}
