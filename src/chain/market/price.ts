/**
 * Price of a proof request: a reverse Dutch auction, the twin of Pricing.sol.
 *   price(t) = minPrice                                                       t <= biddingStart
 *            = minPrice + floor((maxPrice - minPrice) (t - biddingStart) / rampSeconds)   below biddingStart + rampSeconds
 *            = maxPrice                                                       from there on
 */
import type { ProofRequest } from '../types.js';

export type PriceTerms = Pick<ProofRequest, 'minPrice' | 'maxPrice' | 'biddingStart' | 'rampSeconds'>;

/** @param timestamp  seconds */
export function priceAt({ minPrice, maxPrice, biddingStart, rampSeconds }: PriceTerms, timestamp: bigint): bigint {
  if (timestamp <= biddingStart) return minPrice;
  const elapsed = timestamp - biddingStart, ramp = BigInt(rampSeconds);
  return elapsed >= ramp ? maxPrice : minPrice + ((maxPrice - minPrice) * elapsed) / ramp;
}

/** First second at which the price is at least `price`. @returns undefined when it never gets there */
export function priceReachedAt(terms: PriceTerms, price: bigint): bigint | undefined {
  const { minPrice, maxPrice, biddingStart, rampSeconds } = terms;
  if (price > maxPrice) return undefined;
  if (price <= minPrice) return 0n;
  const span = maxPrice - minPrice, seconds = ((price - minPrice) * BigInt(rampSeconds) + span - 1n) / span;
  return biddingStart + (seconds > 0n ? seconds : 1n); // without a ramp the price jumps in the next second
}
