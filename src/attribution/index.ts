export { FEATURE_BITS, features, padBoundaries } from './features.js';
export { checkScores, influence, scoreBits } from './influence.js';
export { bitLength, splitRewards, type RewardSplit } from './split.js';
