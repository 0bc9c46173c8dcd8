pragma circom 2.2.0;

// E = sum_{i >= 0} gamma^i list_i by Horner. n - 1 constraints.
template ListEvaluation(n) {
    signal input gamma;
    signal input list[n];
    signal output out;

    signal horner[n];
    horner[n - 1] <== list[n - 1];
    for (var i = n - 2; i >= 0; i--) horner[i] <== horner[i + 1] * gamma + list[i];
    out <== horner[0];
}
