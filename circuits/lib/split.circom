pragma circom 2.2.0;
include "bitify.circom";
include "comparators.circom";

// The canonical share rate of one query (section 1 of the protocol). Given its total D of positive influence and its fee f:
//   e = DB - bitlen(D), D' = D 2^e in [2^(DB-1), 2^DB), lambda = floor(f 2^160 / D'), mu = lambda 2^e;  all 0 when D = 0
// Nothing wraps: D 2^e < 2^(126 + 127), lambda D' < 2^241, mu < 2^242. The caller guarantees f < 2^80.
// No solution: D >= 2^DB; e that does not normalise D; lambda other than the floor; any non-zero value beside D = 0.
template ShareRate(DB) {
    signal input total;
    signal input shift;
    signal input lambda;
    signal input remainder;
    signal input fee;
    signal output mu;
    signal output isZero;

    component zero = IsZero();
    zero.in <== total;
    isZero <== zero.out;

    component totalBits = Num2Bits(DB);
    totalBits.in <== total;
    component shiftBits = Num2Bits(7);
    shiftBits.in <== shift;
    isZero * shift === 0;
    signal power[8];
    power[0] <== 1;
    for (var i = 0; i < 7; i++) power[i + 1] <== power[i] * (1 + shiftBits.out[i] * ((1 << (1 << i)) - 1));

    signal normalised <== total * power[7];
    component normalisedBits = Num2Bits(DB - 1);
    normalisedBits.in <== normalised - (1 - isZero) * (1 << (DB - 1));

    component lambdaBits = Num2Bits(241 - DB);
    lambdaBits.in <== lambda;
    isZero * lambda === 0;
    component remainderBits = Num2Bits(DB);
    remainderBits.in <== remainder;
    component remainderBelow = Num2Bits(DB);
    remainderBelow.in <== normalised - (1 - isZero) - remainder;
    signal quotient <== lambda * normalised;
    (1 - isZero) * (fee * (1 << 160)) === quotient + remainder;

    mu <== lambda * power[7];
}

// P 2^160 + rem, with the payout P in 86 bits and rem in 160 bits: the exact value whose floor division gives P.
template PayoutValue() {
    signal input payout;
    signal input remainder;
    signal output value;

    component payoutBits = Num2Bits(86);
    payoutBits.in <== payout;
    component remainderBits = Num2Bits(160);
    remainderBits.in <== remainder;
    value <== payout * (1 << 160) + remainder;
}
