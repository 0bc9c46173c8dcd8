pragma circom 2.2.0;
include "poseidon_constants.circom";

// Poseidon's permutation of t = words + 1 lanes, x^5, 8 full rounds, in the optimised form of the paper's appendix B:
// partial rounds use one sparse matrix each.
//   permuted = P(initialState, inputs);  out[i] = permuted[i], i < outs
// Same constraints in the same order as circomlib's PoseidonEx, so that keys made for either fit both. The difference is
// in the witness generator: circom stores a template's parameters anew whenever an instance runs, and PoseidonEx hands
// all constants of the permutation to every layer (150,000 copies a permutation of width 17; some 5,000 here). So a layer gets its
// own constants only, and they are cut out in its parameter list, which is evaluated when the circuit is compiled.
// Constraints: 3 (8 t + partial rounds). Sources: Grassi et al., eprint 2019/458; constants of circomlib.

// Number of partial rounds, by width (2..17).
function partialRounds(t) {
    var rounds[16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];
    return rounds[t - 2];
}

// The functions below serve parameter lists only. Their arrays fit the largest width: circom wants constant lengths there.

// all[from], .., all[from + count - 1]
function slice(all, from, count) {
    var some[33];
    for (var i = 0; i < count; i++) some[i] = all[from + i];
    return some;
}

// Column s of a t x t matrix.
function columnOf(matrix, t, s) {
    var column[17];
    for (var i = 0; i < t; i++) column[i] = matrix[i][s];
    return column;
}

// out = in^5
template FifthPower() {
    signal input in;
    signal output out;
    signal in2;
    signal in4;
    in2 <== in * in;
    in4 <== in2 * in2;
    out <== in4 * in;
}

// out[i] = in[i] + constants[i]
template AddConstants(t, constants) {
    signal input in[t];
    signal output out[t];
    for (var i = 0; i < t; i++) out[i] <== in[i] + constants[i];
}

// out[i] = sum_j matrix[j][i] in[j]
template FullMatrix(t, matrix) {
    signal input in[t];
    signal output out[t];
    for (var i = 0; i < t; i++) {
        var sum = 0;
        for (var j = 0; j < t; j++) sum += matrix[j][i] * in[j];
        out[i] <== sum;
    }
}

// out = sum_j column[j] in[j]
template MatrixColumn(t, column) {
    signal input in[t];
    signal output out;
    var sum = 0;
    for (var j = 0; j < t; j++) sum += column[j] * in[j];
    out <== sum;
}

// out[0] = sum_j sparse[j] in[j];  out[i] = in[i] + sparse[t + i - 1] in[0]
template SparseMatrix(t, sparse) {
    signal input in[t];
    signal output out[t];
    var sum = 0;
    for (var j = 0; j < t; j++) sum += sparse[j] * in[j];
    out[0] <== sum;
    for (var i = 1; i < t; i++) out[i] <== in[i] + in[0] * sparse[t + i - 1];
}

template Permutation(words, outs) {
    signal input inputs[words];
    signal input initialState;
    signal output out[outs];

    var t = words + 1;
    var partial = partialRounds(t);
    var constants[8 * t + partial] = POSEIDON_C(t);

    component ark[8];
    component sigmaF[8][t];
    component sigmaP[partial];
    component mix[7];
    component mixS[partial];
    component mixLast[outs];

    ark[0] = AddConstants(t, slice(POSEIDON_C(t), 0, t));
    ark[0].in[0] <== initialState;
    for (var j = 1; j < t; j++) ark[0].in[j] <== inputs[j - 1];

    // Four full rounds. Constants come before the matrix, those of the first partial round with the fourth.
    for (var r = 0; r < 4; r++) {
        for (var j = 0; j < t; j++) {
            sigmaF[r][j] = FifthPower();
            if (r == 0) sigmaF[r][j].in <== ark[0].out[j];
            else sigmaF[r][j].in <== mix[r - 1].out[j];
        }
        ark[r + 1] = AddConstants(t, slice(POSEIDON_C(t), (r + 1) * t, t));
        for (var j = 0; j < t; j++) ark[r + 1].in[j] <== sigmaF[r][j].out;
        if (r < 3) mix[r] = FullMatrix(t, POSEIDON_M(t));
        else mix[r] = FullMatrix(t, POSEIDON_P(t));
        for (var j = 0; j < t; j++) mix[r].in[j] <== ark[r + 1].out[j];
    }

    // Partial rounds: one power, one constant, one sparse matrix.
    for (var r = 0; r < partial; r++) {
        sigmaP[r] = FifthPower();
        if (r == 0) sigmaP[r].in <== mix[3].out[0];
        else sigmaP[r].in <== mixS[r - 1].out[0];
        mixS[r] = SparseMatrix(t, slice(POSEIDON_S(t), r * (2 * t - 1), 2 * t - 1));
        for (var j = 0; j < t; j++) {
            if (j == 0) mixS[r].in[j] <== sigmaP[r].out + constants[5 * t + r];
            else if (r == 0) mixS[r].in[j] <== mix[3].out[j];
            else mixS[r].in[j] <== mixS[r - 1].out[j];
        }
    }

    // Four full rounds; the last one has no constants, and of its matrix only the columns asked for.
    for (var r = 0; r < 3; r++) {
        for (var j = 0; j < t; j++) {
            sigmaF[r + 4][j] = FifthPower();
            if (r == 0) sigmaF[r + 4][j].in <== mixS[partial - 1].out[j];
            else sigmaF[r + 4][j].in <== mix[r + 3].out[j];
        }
        ark[r + 5] = AddConstants(t, slice(POSEIDON_C(t), (r + 5) * t + partial, t));
        for (var j = 0; j < t; j++) ark[r + 5].in[j] <== sigmaF[r + 4][j].out;
        mix[r + 4] = FullMatrix(t, POSEIDON_M(t));
        for (var j = 0; j < t; j++) mix[r + 4].in[j] <== ark[r + 5].out[j];
    }
    for (var j = 0; j < t; j++) {
        sigmaF[7][j] = FifthPower();
        sigmaF[7][j].in <== mix[6].out[j];
    }
    for (var i = 0; i < outs; i++) {
        mixLast[i] = MatrixColumn(t, columnOf(POSEIDON_M(t), t, i));
        for (var j = 0; j < t; j++) mixLast[i].in[j] <== sigmaF[7][j].out;
        out[i] <== mixLast[i].out;
    }
}
