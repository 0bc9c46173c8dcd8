pragma circom 2.2.0;
include "duplex.circom";

// Verifies a sumcheck of n rounds, top variable first. A round's polynomial g(X) = c0 + c1 X + .. travels without its
// linear coefficient: c1 = claim - 2 c0 - c2 - .., which makes g(0) + g(1) = claim hold by construction.
// An inactive variable keeps the claim and has coordinate 0; its challenge is drawn all the same and used inside g.
//   message[i]  coefficients (c0, c2, .., c_degree) of the round of variable i
//   point[i]    active[i] * challenge of variable i
// No solution is excluded here: soundness is in the final check of the caller. About 270 constraints a round.
template Sumcheck(n, degree) {
    signal input state;
    signal input claim;
    signal input active[n];
    signal input message[n][degree];
    signal output next;
    signal output final;
    signal output point[n];

    component call[n];
    signal states[n + 1];
    signal claims[n + 1];
    signal horner[n][degree];
    states[n] <== state;
    claims[n] <== claim;
    for (var i = n - 1; i >= 0; i--) {
        call[i] = Duplex(degree, 1);
        call[i].state <== states[i + 1];
        var linear = claims[i + 1] - message[i][0];
        for (var k = 0; k < degree; k++) {
            call[i].in[k] <== message[i][k];
            linear -= message[i][k];
        }
        states[i] <== call[i].next;
        var r = call[i].out[0];
        if (degree == 3) {
            horner[i][0] <== message[i][2] * r + message[i][1];
            horner[i][1] <== horner[i][0] * r + linear;
        } else {
            horner[i][0] <== message[i][1] * r + linear;
        }
        horner[i][degree - 1] <== horner[i][degree - 2] * r + message[i][0];
        claims[i] <== claims[i + 1] + active[i] * (horner[i][degree - 1] - claims[i + 1]);
        point[i] <== active[i] * r;
    }
    next <== states[0];
    final <== claims[0];
}
