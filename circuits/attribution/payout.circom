pragma circom 2.2.0;
include "activity.circom";
include "stages.circom";
include "../lib/list.circom";
include "../lib/split.circom";

// Relation R2: the payouts P are the canonical split of the fees by the positive influence
//   s[q,c] = sum_{l,a,b} Phi[q,l,a,b] G[c,l,a,b],   Phi from the queries' activations and (A*, B*).
// Public: gammaPrime, gammaList, listEvaluation (protocol section 5); everything else is private.
template Payout(domain, queriesLog, contributorsLog, layersLog, rankLog, widthLog, tokensLog, blocksLog) {
    var J = layersLog + widthLog;
    var Q = 1 << queriesLog;
    var K = 1 << contributorsLog;
    var pairs = queriesLog + contributorsLog;
    var features = layersLog + 2 * rankLog;
    var nuGraw = contributorsLog + features;
    var nuG = nuGraw > J ? nuGraw : J;
    var nuBraw = pairs + 7;
    var nuB = nuBraw > J ? nuBraw : J;
    var heightFloor = rankLog > nuG - J ? rankLog : nuG - J;
    if (nuB - J > heightFloor) heightFloor = nuB - J;
    var heightMax = heightFloor > tokensLog - blocksLog ? heightFloor : tokensLog - blocksLog;
    var DB = 120 + contributorsLog;

    signal input gammaPrime;
    signal input gammaList;
    signal input listEvaluation;
    signal input digest;
    signal input dims;
    signal input salt;
    signal input tokenActive[tokensLog];
    signal input boundaries[Q];
    signal input fees[Q];
    signal input payouts[K];
    signal input totals[Q];
    signal input shifts[Q];
    signal input lambdas[Q];
    signal input feeRemainders[Q];
    signal input payoutRemainders[K];
    signal input sigma;
    signal input scoresMessage[pairs][3];
    signal input magnitude;
    signal input sign;
    signal input bitsMessage[nuBraw][3];
    signal input bt;
    signal input influenceMessage[features][2];
    signal input g;
    signal input phi;
    signal input tokensMessage[layersLog + tokensLog][3];
    signal input u;
    signal input z;
    signal input columnsMessage[J][3];
    signal input v[6];
    signal input rowsMessage[heightMax][2];
    signal input m;
    signal input w[6];

    component activity = Activity(J, heightFloor, heightMax, tokensLog, blocksLog);
    activity.dims <== dims;
    activity.tokenActive <== tokenActive;

    // split: share rates of the queries, exact payout values of the contributors
    component rate[Q];
    var zeroQueries = 0;
    for (var q = 0; q < Q; q++) {
        rate[q] = ShareRate(DB);
        rate[q].total <== totals[q];
        rate[q].shift <== shifts[q];
        rate[q].lambda <== lambdas[q];
        rate[q].remainder <== feeRemainders[q];
        rate[q].fee <== fees[q];
        zeroQueries += (1 << q) * rate[q].isZero;
    }
    component value[K];
    for (var c = 0; c < K; c++) {
        value[c] = PayoutValue();
        value[c].payout <== payouts[c];
        value[c].remainder <== payoutRemainders[c];
    }

    // lists -> rho_q, rho_c
    component start = Duplex(5 + 4 * Q + 2 * K, pairs);
    start.state <== 0;
    start.in[0] <== domain;
    start.in[1] <== dims;
    start.in[2] <== digest;
    start.in[3] <== salt;
    for (var q = 0; q < Q; q++) {
        start.in[4 + q] <== boundaries[q];
        start.in[4 + Q + q] <== fees[q];
        start.in[5 + 2 * Q + K + q] <== totals[q];
        start.in[5 + 3 * Q + K + q] <== rate[q].mu;
    }
    for (var c = 0; c < K; c++) {
        start.in[4 + 2 * Q + c] <== payouts[c];
        start.in[5 + 4 * Q + K + c] <== payoutRemainders[c];
    }
    start.in[4 + 2 * Q + K] <== zeroQueries;
    signal rhoQ[queriesLog];
    signal rhoC[contributorsLog];
    for (var i = 0; i < queriesLog; i++) rhoQ[i] <== start.out[i];
    for (var i = 0; i < contributorsLog; i++) rhoC[i] <== start.out[queriesLog + i];

    // sigma = S~(rho_q, rho_c), absorbed -> chi
    component combine = Duplex(1, 1);
    combine.state <== start.next;
    combine.in[0] <== sigma;
    signal chi <== combine.out[0];
    signal chi2 <== chi * chi;

    // scores: sigma + chi D~(rho_q) + chi^2 V~(rho_c) over (c, q), degree 3
    component eqQ = EqTable(queriesLog);
    eqQ.point <== rhoQ;
    component eqC = EqTable(contributorsLog);
    eqC.point <== rhoC;
    component totalAt = InnerProduct(Q);
    totalAt.a <== eqQ.out;
    totalAt.b <== totals;
    component valueAt = InnerProduct(K);
    valueAt.a <== eqC.out;
    for (var c = 0; c < K; c++) valueAt.b[c] <== value[c].value;
    signal totalClaim <== chi * totalAt.out;
    signal valueClaim <== chi2 * valueAt.out;

    component scores = Sumcheck(pairs, 3);
    scores.state <== combine.next;
    scores.claim <== sigma + totalClaim + valueClaim;
    scores.message <== scoresMessage;
    for (var i = 0; i < pairs; i++) scores.active[i] <== 1;
    component atQ = EqPoint(queriesLog);
    component atC = EqPoint(contributorsLog);
    component tableQ = EqTable(queriesLog);
    for (var i = 0; i < contributorsLog; i++) {
        atC.a[i] <== rhoC[i];
        atC.b[i] <== scores.point[i];
    }
    for (var i = 0; i < queriesLog; i++) {
        atQ.a[i] <== rhoQ[i];
        atQ.b[i] <== scores.point[contributorsLog + i];
        tableQ.point[i] <== scores.point[contributorsLog + i];
    }
    component muAt = InnerProduct(Q);
    muAt.a <== tableQ.out;
    for (var q = 0; q < Q; q++) muAt.b[q] <== rate[q].mu;
    signal signedWeight <== atQ.out * atC.out;
    signal totalWeight <== chi * atQ.out;
    signal rateWeight <== chi2 * atC.out;
    signal positiveWeight <== totalWeight + rateWeight * muAt.out;
    signal negativePart <== sign * (2 * signedWeight + positiveWeight);
    scores.final === magnitude * (signedWeight + positiveWeight - negativePart);

    // bits: b1 a~(y) + b2 sg~(y) = sum eq(om,.) (Bt^2 - Bt) + eq(y,.) (b1 2^k [k < B] + b2 [k = 127]) Bt over (k, c, q), degree 3
    component draw = Duplex(2, nuBraw + 2);
    draw.state <== scores.next;
    draw.in[0] <== magnitude;
    draw.in[1] <== sign;
    signal b1 <== draw.out[nuBraw];
    signal b2 <== draw.out[nuBraw + 1];
    signal magnitudeClaim <== b1 * magnitude;
    component bits = Sumcheck(nuBraw, 3);
    bits.state <== draw.next;
    bits.claim <== magnitudeClaim + b2 * sign;
    bits.message <== bitsMessage;
    for (var i = 0; i < nuBraw; i++) bits.active[i] <== 1;
    component atOmega = EqPoint(nuBraw);
    for (var i = 0; i < nuBraw; i++) {
        atOmega.a[i] <== draw.out[i];
        atOmega.b[i] <== bits.point[i];
    }
    component atPair = EqPoint(pairs);
    for (var i = 0; i < pairs; i++) {
        atPair.a[i] <== scores.point[i];
        atPair.b[i] <== bits.point[7 + i];
    }
    component axis = BitWeights();
    for (var i = 0; i < 7; i++) axis.r[i] <== bits.point[i];
    signal bitSquare <== bt * bt;
    signal powerWeight <== b1 * axis.power;
    signal axisWeight <== powerWeight + b2 * axis.sign;
    signal pairWeight <== atPair.out * axisWeight;
    signal booleanPart <== atOmega.out * (bitSquare - bt);
    bits.final === booleanPart + pairWeight * bt;
    component bitsClaimed = Duplex(1, 0);
    bitsClaimed.state <== bits.next;
    bitsClaimed.in[0] <== bt;

    // influence: sigma = sum G~(rho_c, l,a,b) Phi~(rho_q, l,a,b) over (b, a, l), degree 2
    component influence = Sumcheck(features, 2);
    influence.state <== bitsClaimed.next;
    influence.claim <== sigma;
    influence.message <== influenceMessage;
    for (var i = 0; i < features; i++) influence.active[i] <== 1;
    influence.final === g * phi;
    component influenceClaimed = Duplex(2, 0);
    influenceClaimed.state <== influence.next;
    influenceClaimed.in[0] <== g;
    influenceClaimed.in[1] <== phi;
    signal pG[nuG];
    signal pB[nuB];
    for (var i = 0; i < nuG; i++) pG[i] <== i < features ? influence.point[i] : (i < nuGraw ? rhoC[i - features] : 0);
    for (var i = 0; i < nuB; i++) pB[i] <== i < nuBraw ? bits.point[i] : 0;

    component tokens = Tokens(queriesLog, layersLog, tokensLog);
    tokens.state <== influenceClaimed.next;
    tokens.phi <== phi;
    for (var i = 0; i < layersLog; i++) tokens.lam[i] <== pG[2 * rankLog + i];
    tokens.rho <== rhoQ;
    tokens.boundaries <== boundaries;
    tokens.tokens <== activity.tokens;
    tokens.tokenActive <== tokenActive;
    tokens.message <== tokensMessage;
    tokens.u <== u;
    tokens.z <== z;

    component columns = Columns(widthLog, layersLog, 1);
    columns.state <== tokens.next;
    columns.u <== u;
    columns.z <== z;
    columns.g <== g;
    columns.bt <== bt;
    columns.mu <== tokens.mu;
    columns.layerPoint <== tokens.layerPoint;
    for (var i = 0; i < J; i++) {
        columns.lowG[i] <== pG[i];
        columns.lowB[i] <== pB[i];
    }
    columns.message <== columnsMessage;
    columns.v <== v;

    component block = BlockCoordinates(tokensLog, blocksLog);
    block.tokenActive <== tokenActive;
    block.tau <== tokens.tau;

    component rows = Rows(6, heightMax);
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
        rows.q[5][i] <== i < nuB - J ? pB[J + i] : 0;
    }
    rows.gammaPrime === gammaPrime;

    component list = ListEvaluation(4 + J + heightMax + blocksLog + 2 * Q + K);
    list.gamma <== gammaList;
    list.list[0] <== digest;
    list.list[1] <== dims;
    list.list[2] <== rows.y;
    var at = 3;
    for (var i = 0; i < J; i++) list.list[at + i] <== columns.point[i];
    at += J;
    for (var i = 0; i < heightMax; i++) list.list[at + i] <== rows.point[i];
    at += heightMax;
    for (var i = 0; i < blocksLog; i++) list.list[at + i] <== block.high[i];
    at += blocksLog;
    for (var q = 0; q < Q; q++) list.list[at + q] <== boundaries[q];
    at += Q;
    for (var q = 0; q < Q; q++) list.list[at + q] <== fees[q];
    at += Q;
    for (var c = 0; c < K; c++) list.list[at + c] <== payouts[c];
    list.list[at + K] <== zeroQueries;
    list.out === listEvaluation;
}
