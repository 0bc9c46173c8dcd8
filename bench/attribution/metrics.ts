/** Ranks from 1, ties averaged. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const out = new Float64Array(values.length);
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j + 1 < order.length && values[order[j + 1]] === values[order[i]]) j++;
    for (let k = i; k <= j; k++) out[order[k]] = (i + j) / 2 + 1;
    i = j + 1;
  }
  return out;
}

/** Spearman's correlation; 0 when one side is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const x = ranks(a), y = ranks(b), mean = (a.length + 1) / 2;
  let xy = 0, xx = 0, yy = 0;
  for (let i = 0; i < a.length; i++) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) ** 2;
    yy += (y[i] - mean) ** 2;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** Area under the ROC curve of `scores` for telling positives (Mann and Whitney). */
export function auc(scores: ArrayLike<number>, positive: ArrayLike<boolean>): number {
  const rank = ranks(scores);
  let sum = 0, p = 0;
  for (let i = 0; i < rank.length; i++) if (positive[i]) { sum += rank[i]; p++; }
  const n = rank.length - p;
  return (sum - p * (p + 1) / 2) / (p * n);
}

/**
 * Linear datamodeling score (Park et al. 2023): mean over the queries of Spearman's correlation, over the subsets, between
 * the predicted effect sum_{i in subset} scores[q,i] and the measured one -losses[subset][q].
 */
export function lds(scores: Float64Array, subsets: readonly Uint8Array[], losses: readonly Float64Array[]): number {
  const n = subsets[0].length, queries = losses[0].length;
  let sum = 0;
  for (let q = 0; q < queries; q++) {
    const predicted = subsets.map((mask) => {
      let s = 0;
      for (let i = 0; i < n; i++) if (mask[i]) s += scores[q * n + i];
      return s;
    });
    sum += spearman(predicted, losses.map((l) => -l[q]));
  }
  return sum / queries;
}
