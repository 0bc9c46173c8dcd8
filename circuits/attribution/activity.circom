pragma circom 2.2.0;

// Activity flags and block coordinates from the word dims = tl + 2^8 H + 2^16 nu.
//   tokenActive[i] = [i < tl], boolean and falling, the first blocksLog ones set
//   heightActive[i] = [i < H], H = max(heightFloor, tl - blocksLog)       derived, never chosen
// No solution: flags that do not fall, or that do not add up to dims.
template Activity(J, heightFloor, heightMax, tokensLog, blocksLog) {
    signal input dims;
    signal input tokenActive[tokensLog];
    signal output heightActive[heightMax];
    signal output tokens;

    var tl = 0;
    for (var i = 0; i < tokensLog; i++) {
        tokenActive[i] * (tokenActive[i] - 1) === 0;
        if (i > 0) tokenActive[i] * (1 - tokenActive[i - 1]) === 0;
        if (i < blocksLog) tokenActive[i] === 1;
        tl += tokenActive[i];
    }
    var H = 0;
    for (var i = 0; i < heightMax; i++) {
        heightActive[i] <== i < heightFloor ? 1 : tokenActive[i + blocksLog];
        H += heightActive[i];
    }
    dims === tl + 256 * H + 65536 * (J + H);
    // 2^tl = 1 + sum_i 2^i [i < tl]
    var count = 1;
    for (var i = 0; i < tokensLog; i++) count += (1 << i) * tokenActive[i];
    tokens <== count;
}

// Splits tau into rows inside a block and block index: tau_hi[j] = tau[tl - blocksLog + j], tau_lo[i] = tau[i] [i < tl - blocksLog].
template BlockCoordinates(tokensLog, blocksLog) {
    signal input tokenActive[tokensLog];
    signal input tau[tokensLog];
    signal output low[tokensLog - blocksLog];
    signal output high[blocksLog];

    for (var i = 0; i < tokensLog - blocksLog; i++) low[i] <== tau[i] * tokenActive[i + blocksLog];
    signal pick[blocksLog][tokensLog + 1];
    for (var j = 0; j < blocksLog; j++) {
        var sum = 0;
        for (var tl = blocksLog; tl <= tokensLog; tl++) {
            // [tokens log is exactly tl]
            var exact = (tl == 0 ? 1 : tokenActive[tl - 1]) - (tl == tokensLog ? 0 : tokenActive[tl]);
            pick[j][tl] <== exact * tau[tl - blocksLog + j];
            sum += pick[j][tl];
        }
        for (var tl = 0; tl < blocksLog; tl++) pick[j][tl] <== 0;
        high[j] <== sum;
    }
}
