pragma circom 2.2.0;
include "permutation.circom";

// Duplex transcript over Poseidon's permutation. The state lives in the capacity lane; a permutation absorbs up to 16 words and
// gives as many challenges as it absorbed words (out[1..]); out[0] is the next state and never leaves the circuit.
//
// Duplex(words, challenges): absorbs `words` in chunks of 16, pads the last chunk with zeros up to the number of
// challenges drawn from it (at most 16), and draws the rest from permutations of 16 zeros. The schedule depends on the
// two constants alone, so no length is ambiguous. Twin of src/transcript/duplex.ts.
// Constraints: 3 (8 t + partial rounds) for each permutation of width t, e.g. 243 (2 words), 264 (3), 612 (16).
template Duplex(words, challenges) {
    signal input state;
    signal input in[words];
    signal output next;
    signal output out[challenges];

    var full = (words - 1) \ 16;              // chunks before the last one
    var rest = words - 16 * full;             // 1..16 words in the last chunk
    var drawn = challenges < 16 ? challenges : 16;
    var width = rest > drawn ? rest : drawn;
    var extra = challenges > 16 ? (challenges - 1) \ 16 : 0;

    component absorb[full];
    signal states[full + 1];
    states[0] <== state;
    for (var i = 0; i < full; i++) {
        absorb[i] = Permutation(16, 1);
        absorb[i].initialState <== states[i];
        for (var j = 0; j < 16; j++) absorb[i].inputs[j] <== in[16 * i + j];
        states[i + 1] <== absorb[i].out[0];
    }

    component last = Permutation(width, drawn + 1);
    last.initialState <== states[full];
    for (var j = 0; j < width; j++) {
        if (j < rest) last.inputs[j] <== in[16 * full + j];
        else last.inputs[j] <== 0;
    }
    for (var j = 0; j < drawn; j++) out[j] <== last.out[j + 1];

    component squeeze[extra];
    signal squeezed[extra + 1];
    squeezed[0] <== last.out[0];
    for (var i = 0; i < extra; i++) {
        var left = challenges - 16 * (i + 1);
        var take = left < 16 ? left : 16;
        squeeze[i] = Permutation(16, take + 1);
        squeeze[i].initialState <== squeezed[i];
        for (var j = 0; j < 16; j++) squeeze[i].inputs[j] <== 0;
        for (var j = 0; j < take; j++) out[16 * (i + 1) + j] <== squeeze[i].out[j + 1];
        squeezed[i + 1] <== squeeze[i].out[0];
    }
    next <== squeezed[extra];
}
