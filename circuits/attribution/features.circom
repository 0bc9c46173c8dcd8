pragma circom 2.2.0;
include "activity.circom";
include "stages.circom";
include "../lib/list.circom";

// Relation R1: G[c,l,a,b] = sum over the tokens t of contributor c of (B_l^T delta_t)_a (A_l x_t)_b.
// Public: gammaPrime, gammaList, listEvaluation (protocol section 5); everything else is private.
template Features(domain, contributorsLog, layersLog, rankLog, widthLog, tokensLog, blocksLog) {
    var J = layersLog + widthLog;
    var K = 1 << contributorsLog;
    var nuGraw = contributorsLog + layersLog + 2 * rankLog;
    var nuG = nuGraw > J ? nuGraw : J;
    var heightFloor = rankLog > nuG - J ? rankLog : nuG - J;
    var heightMax = heightFloor > tokensLog - blocksLog ? heightFloor : tokensLog - blocksLog;

    signal input gammaPrime;
    signal input gammaList;
    signal input listEvaluation;
    signal input digest;
    signal input dims;
    signal input salt;
    signal input tokenActive[tokensLog];
    signal input boundaries[K];
    signal input phi;
    signal input tokensMessage[layersLog + tokensLog][3];
    signal input u;
    signal input z;
    signal input columnsMessage[J][3];
    signal input v[5];
    signal input rowsMessage[heightMax][2];
    signal input m;
    signal input w[5];

    component activity = Activity(J, heightFloor, heightMax, tokensLog, blocksLog);
    activity.dims <== dims;
    activity.tokenActive <== tokenActive;

    // lists -> pG = (beta, alpha, lam, rho)
    component start = Duplex(4 + K, nuGraw);
    start.state <== 0;
    start.in[0] <== domain;
    start.in[1] <== dims;
    start.in[2] <== digest;
    start.in[3] <== salt;
    for (var i = 0; i < K; i++) start.in[4 + i] <== boundaries[i];
    signal pG[nuG];
    for (var i = 0; i < nuG; i++) pG[i] <== i < nuGraw ? start.out[i] : 0;

    // phi = G~(pG), absorbed; mu0 is not drawn: the next challenges are those of the rounds
    component claimed = Duplex(1, 0);
    claimed.state <== start.next;
    claimed.in[0] <== phi;

    component tokens = Tokens(contributorsLog, layersLog, tokensLog);
    tokens.state <== claimed.next;
    tokens.phi <== phi;
    for (var i = 0; i < layersLog; i++) tokens.lam[i] <== pG[2 * rankLog + i];
    for (var i = 0; i < contributorsLog; i++) tokens.rho[i] <== pG[2 * rankLog + layersLog + i];
    tokens.boundaries <== boundaries;
    tokens.tokens <== activity.tokens;
    tokens.tokenActive <== tokenActive;
    tokens.message <== tokensMessage;
    tokens.u <== u;
    tokens.z <== z;

    component columns = Columns(widthLog, layersLog, 0);
    columns.state <== tokens.next;
    columns.u <== u;
    columns.z <== z;
    columns.g <== phi;
    columns.bt <== 0;
    columns.mu <== tokens.mu;
    columns.layerPoint <== tokens.layerPoint;
    for (var i = 0; i < J; i++) {
        columns.lowG[i] <== pG[i];
        columns.lowB[i] <== 0;
    }
    columns.message <== columnsMessage;
    columns.v <== v;

    component block = BlockCoordinates(tokensLog, blocksLog);
    block.tokenActive <== tokenActive;
    block.tau <== tokens.tau;

    component rows = Rows(5, heightMax);
    rows.state <== columns.next;
    rows.gamma <== columns.gamma;
    rows.v <== v;
    rows.heightActive <== activity.heightActive;
    rows.message <== rowsMessage;
    rows.m <== m;
    rows.w <== w;
    for (var i = 0; i < heightMax; i++) {
        rows.q[0][i] <== i < tokensLog - blocksLog ? block.low[i] : 0;
        rows.q[1][i] <== i < tokensLog - blocksLog ? block.low[i] : 0;
        rows.q[2][i] <== i < rankLog ? pG[rankLog + i] : 0;
        rows.q[3][i] <== i < rankLog ? pG[i] : 0;
        rows.q[4][i] <== i < nuG - J ? pG[J + i] : 0;
    }
    rows.gammaPrime === gammaPrime;

    component list = ListEvaluation(3 + J + heightMax + blocksLog + K);
    list.gamma <== gammaList;
    list.list[0] <== digest;
    list.list[1] <== dims;
    list.list[2] <== rows.y;
    for (var i = 0; i < J; i++) list.list[3 + i] <== columns.point[i];
    for (var i = 0; i < heightMax; i++) list.list[3 + J + i] <== rows.point[i];
    for (var i = 0; i < blocksLog; i++) list.list[3 + J + heightMax + i] <== block.high[i];
    for (var i = 0; i < K; i++) list.list[3 + J + heightMax + blocksLog + i] <== boundaries[i];
    list.out === listEvaluation;
}
