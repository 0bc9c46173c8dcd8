pragma circom 2.2.0;

// eq(a, b) = prod_k (a_k b_k + (1 - a_k)(1 - b_k)). 2n constraints.
template EqPoint(n) {
    signal input a[n];
    signal input b[n];
    signal output out;

    signal cross[n];
    signal product[n + 1];
    product[0] <== 1;
    for (var k = 0; k < n; k++) {
        cross[k] <== a[k] * b[k];
        product[k + 1] <== product[k] * (1 - a[k] - b[k] + 2 * cross[k]);
    }
    out <== product[n];
}

// out[i] = eq(point, i) for all i < 2^n, index bit k is variable k. 2^n - 1 constraints (the first level is linear).
template EqTable(n) {
    signal input point[n];
    signal output out[1 << n];

    signal level[n + 1][1 << n];
    level[0][0] <== 1;
    for (var k = 0; k < n; k++) {
        for (var i = 0; i < (1 << k); i++) {
            level[k + 1][i + (1 << k)] <== level[k][i] * point[k];
            level[k + 1][i] <== level[k][i] - level[k + 1][i + (1 << k)];
        }
    }
    for (var i = 0; i < (1 << n); i++) out[i] <== level[n][i];
    for (var k = 0; k < n; k++) for (var i = (1 << k); i < (1 << n); i++) level[k][i] <== 0;
}

// sum_i a[i] b[i]. n constraints.
template InnerProduct(n) {
    signal input a[n];
    signal input b[n];
    signal output out;

    signal sums[n + 1];
    sums[0] <== 0;
    for (var i = 0; i < n; i++) sums[i + 1] <== sums[i] + a[i] * b[i];
    out <== sums[n];
}

// Weights of the bit axis at point r (7 variables): power = MLE of k -> 2^k [k < 120], sign = MLE of [k = 127].
//   power = prod_{i<3} (1 - r_i + r_i 2^(2^i)) (prod_{i=3..6} (1 - r_i + r_i 2^(2^i)) - 2^120 r_3 r_4 r_5 r_6)
template BitWeights() {
    signal input r[7];
    signal output power;
    signal output sign;

    signal low[4];
    signal high[5];
    signal top[5];
    low[0] <== 1;
    for (var i = 0; i < 3; i++) low[i + 1] <== low[i] * (1 - r[i] + r[i] * (1 << (1 << i)));
    high[0] <== 1;
    top[0] <== 1;
    for (var i = 0; i < 4; i++) {
        high[i + 1] <== high[i] * (1 - r[i + 3] + r[i + 3] * (1 << (1 << (i + 3))));
        top[i + 1] <== top[i] * r[i + 3];
    }
    power <== low[3] * (high[4] - (1 << 120) * top[4]);
    signal bottom[4];
    bottom[0] <== 1;
    for (var i = 0; i < 3; i++) bottom[i + 1] <== bottom[i] * r[i];
    sign <== bottom[3] * top[4];
}
