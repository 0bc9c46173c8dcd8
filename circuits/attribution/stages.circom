pragma circom 2.2.0;
include "../lib/duplex.circom";
include "../lib/sumcheck.circom";
include "../lib/multilinear.circom";
include "../lib/segments.circom";

// The stages both relations share. Each absorbs its claims before the challenge that combines them; twins of
// src/verify/{tokens,columns,rows}.ts.

// tokens: phi = sum_{l,t} eq(lam,l) seg(rho,t) U~(t,l,alpha) Z~(t,l,beta)      (variables: l low, t high; degree 3)
template Tokens(segmentsLog, layersLog, tokensLog) {
    signal input state;
    signal input phi;
    signal input lam[layersLog];
    signal input rho[segmentsLog];
    signal input boundaries[1 << segmentsLog];
    signal input tokens;
    signal input tokenActive[tokensLog];
    signal input message[layersLog + tokensLog][3];
    signal input u;
    signal input z;
    signal output next;
    signal output mu;
    signal output layerPoint[layersLog];
    signal output tau[tokensLog];

    component rounds = Sumcheck(layersLog + tokensLog, 3);
    rounds.state <== state;
    rounds.claim <== phi;
    rounds.message <== message;
    for (var i = 0; i < layersLog; i++) rounds.active[i] <== 1;
    for (var i = 0; i < tokensLog; i++) rounds.active[layersLog + i] <== tokenActive[i];
    for (var i = 0; i < layersLog; i++) layerPoint[i] <== rounds.point[i];
    for (var i = 0; i < tokensLog; i++) tau[i] <== rounds.point[layersLog + i];
    component layer = EqPoint(layersLog);
    layer.a <== lam;
    layer.b <== layerPoint;
    component segment = SegmentWeight(segmentsLog, tokensLog);
    segment.rho <== rho;
    segment.tau <== tau;
    segment.boundaries <== boundaries;
    segment.tokens <== tokens;
    signal weight <== layer.out * segment.out;
    signal product <== u * z;
    rounds.final === weight * product;

    component call = Duplex(2, 1);
    call.state <== rounds.next;
    call.in[0] <== u;
    call.in[1] <== z;
    next <== call.next;
    mu <== call.out[0];
}

// columns: u + mu z + mu^2 g + mu^3 bt = sum_{j,l} eq(lam',l) [Dlt~ B~ + mu X~ A~] + mu^2 eq(pG,.) G~ + mu^3 eq(pB,.) Bt~
// (variables: j low, l high; degree 3). Leaves the six values at the columns point; gam combines them.
//   v = (Dlt, X, B, A, G[, Bt]); withBits = 0 drops the last term and value
template Columns(widthLog, layersLog, withBits) {
    var J = widthLog + layersLog;
    signal input state;
    signal input u;
    signal input z;
    signal input g;
    signal input bt;
    signal input mu;
    signal input layerPoint[layersLog];
    signal input lowG[J];
    signal input lowB[J];
    signal input message[J][3];
    signal input v[5 + withBits];
    signal output next;
    signal output gamma;
    signal output point[J];

    signal mu2 <== mu * mu;
    signal mu3 <== mu2 * mu;
    signal scaledG <== mu2 * g;
    signal scaledB <== withBits ? mu3 * bt : 0;
    component rounds = Sumcheck(J, 3);
    rounds.state <== state;
    rounds.claim <== u + mu * z + scaledG + scaledB;
    rounds.message <== message;
    for (var i = 0; i < J; i++) rounds.active[i] <== 1;
    point <== rounds.point;

    component layer = EqPoint(layersLog);
    layer.a <== layerPoint;
    for (var i = 0; i < layersLog; i++) layer.b[i] <== point[widthLog + i];
    component eqG = EqPoint(J);
    eqG.a <== lowG;
    eqG.b <== point;
    signal deltaB <== v[0] * v[2];
    signal xA <== v[1] * v[3];
    signal scaledXA <== mu * xA;
    signal activations <== layer.out * (deltaB + scaledXA);
    signal featureWeight <== mu2 * eqG.out;
    signal features <== featureWeight * v[4];
    signal bitWeight;
    signal bits;
    if (withBits) {
        component eqB = EqPoint(J);
        eqB.a <== lowB;
        eqB.b <== point;
        bitWeight <== mu3 * eqB.out;
        bits <== bitWeight * v[5];
    } else {
        bitWeight <== 0;
        bits <== 0;
    }
    rounds.final === activations + features + bits;

    component call = Duplex(5 + withBits, 1);
    call.state <== rounds.next;
    call.in <== v;
    next <== call.next;
    gamma <== call.out[0];
}

// rows: sum_k gam^k v_k = sum_x sum_k gam^k eq(q_k, x) F_k(x)       (high variables only; degree 2)
// and the masked value that the opening proves: y = m + sum_k gam'^k w_k, gam' drawn after m and all w.
//   q  points of the claims on the high variables, padded with zeros
template Rows(tables, heightMax) {
    signal input state;
    signal input gamma;
    signal input v[tables];
    signal input q[tables][heightMax];
    signal input heightActive[heightMax];
    signal input message[heightMax][2];
    signal input m;
    signal input w[tables];
    signal output gammaPrime;
    signal output y;
    signal output point[heightMax];

    signal power[tables + 1];
    signal claim[tables + 1];
    power[0] <== 1;
    claim[0] <== 0;
    for (var k = 0; k < tables; k++) {
        power[k + 1] <== power[k] * gamma;
        claim[k + 1] <== claim[k] + power[k + 1] * v[k];
    }
    component rounds = Sumcheck(heightMax, 2);
    rounds.state <== state;
    rounds.claim <== claim[tables];
    rounds.active <== heightActive;
    rounds.message <== message;
    point <== rounds.point;

    component eq[tables];
    signal weight[tables];
    signal final[tables + 1];
    final[0] <== 0;
    for (var k = 0; k < tables; k++) {
        eq[k] = EqPoint(heightMax);
        eq[k].a <== q[k];
        eq[k].b <== point;
        weight[k] <== power[k + 1] * eq[k].out;
        final[k + 1] <== final[k] + weight[k] * w[k];
    }
    rounds.final === final[tables];

    component call = Duplex(tables + 1, 1);
    call.state <== rounds.next;
    call.in[0] <== m;
    for (var k = 0; k < tables; k++) call.in[k + 1] <== w[k];
    gammaPrime <== call.out[0];
    signal masked[tables + 1];
    masked[tables] <== 0;
    for (var k = tables - 1; k >= 0; k--) masked[k] <== (masked[k + 1] + w[k]) * gammaPrime;
    y <== m + masked[0];
}
