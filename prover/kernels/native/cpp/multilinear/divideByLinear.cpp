/**
 * (f(X) - f(z)) / (X - z): q_(i-1) = f_i + z q_i from the top, a chain of n products. It is cut into segments of `length`
 * entries, each a lane: with v_s = sum_k f_(s length + k) z^k the value of a segment and c_s what enters it from above,
 *   c_(s-1) = v_s + z^length c_s
 * 1. all v_s: a sum of products, reduced once a segment     50 multiply-adds for 8 entries
 * 2. all c_s: one product a segment, one after another
 * 3. the chain within each segment, from c_s                105 multiply-adds for 8 entries
 * which is half a product more than the chain itself. (To run the chains from 0 and add c_s z^k after would be a whole one.)
 */
#include "../parallel/ranges.h"
#include "entries.h"
#include "multilinear.h"
#include <vector>

namespace zkattr {
namespace {

/** Chains that run side by side, each of LANES segments: while one is multiplied, the other's entries are stored and loaded. */
constexpr size_t CHAINS = 2;

/** quotient[to-1 .. from] by one chain, one element at a time; returns what leaves it below. */
Fr chain(const uint8_t* f, size_t from, size_t to, const Fr& z, Fr carry, uint8_t* quotient) {
  for (size_t i = to; i-- > from;) {
    const Fr x = Fr::load(f + i * FR_BYTES);
    carry.store(quotient + i * FR_BYTES);
    carry = add(x, mul(z, carry));
  }
  return carry;
}

class Division {
 public:
  const uint8_t* f;
  uint8_t* quotient;
  Fr z;
  size_t length;
  std::vector<FrMont> powers;
  Fr step;

  /** Entries from a tile down to the one that its thread comes to next. */
  size_t ahead = 0;

  Division(const uint8_t* f, uint8_t* quotient, const Fr& z, size_t length) : f(f), quotient(quotient), z(z), length(length) {
    Fr power = Fr::one();
    for (size_t k = 0; k < length; k++, power = mul(power, z)) powers.push_back(FrMont::broadcast(power));
    step = power;
  }
  size_t tile() const { return CHAINS * LANES * length; }

  /** v of the segments of a tile that starts at entry `from`. length <= 128: below (1 + 128 / 84) p, and 128 <= MOST_PRODUCTS. */
  void values(size_t from, Fr* v) const {
    for (size_t c = 0; c < CHAINS; c++) {
      const uint8_t* at[LANES];
      for (size_t lane = 0; lane < LANES; lane++) at[lane] = f + (from + (c * LANES + lane) * length) * FR_BYTES;
      FrSum sum = FrSum::zero();
      for (size_t k = 0; k < length; k++) {
        prefetchShare(f, from, c * length + k);
        sum.add(powers[k], gather<FrModulus>(at));
        for (auto& p : at) p += FR_BYTES;
      }
      store<4>(sum.reduce(), v + c * LANES);
    }
  }
  /** The chains of a tile, entering with c. */
  void chains(size_t from, const Fr* c) const {
    const FrMont factor = FrMont::broadcast(z);
    FrRaw q0 = loadFr(reinterpret_cast<const uint8_t*>(c)), q1 = loadFr(reinterpret_cast<const uint8_t*>(c + LANES));
    write(from, 0, length - 1, q0);
    FrRaw f0 = read(from, 0, length - 1);
    for (size_t k = length; k-- > 0;) {
      prefetchShare(quotient, from, 2 * k), prefetchShare(quotient, from, 2 * k + 1);
      const FrSum sum0 = next(factor, q0, f0);
      write(from, 1, k, q1);
      const FrRaw f1 = read(from, 1, k);
      q0 = sum0.reduce();
      const FrSum sum1 = next(factor, q1, f1);
      if (k > 0) {
        write(from, 0, k - 1, q0);
        f0 = read(from, 0, k - 1);
      }
      q1 = sum1.reduce();
    }
  }

 private:
  /** z q + f: q < 3p gives below (1 + 3 / 84) p + p < 3p. */
  static FrSum next(const FrMont& factor, const FrRaw& q, const FrRaw& f) {
    FrSum sum = FrSum::zero();
    sum.add(factor, q);
    sum.addWhole(f);
    return sum;
  }
  /**
   * The share of step k < CHAINS length in fetching the tile that comes `ahead` entries below: sixteen streams at once are more
   * than the CPU follows by itself.
   */
  void prefetchShare(const uint8_t* buffer, size_t from, size_t k) const {
    if (from < ahead) return;
    const uint8_t* at = buffer + (from - ahead + k * LANES) * FR_BYTES;
    for (size_t line = 0; line < LANES * FR_BYTES; line += 64) __builtin_prefetch(at + line, 1, 2);
  }
  /** Entry k of each segment of a chain. */
  size_t offset(size_t from, size_t chain, size_t lane, size_t k) const { return (from + (chain * LANES + lane) * length + k) * FR_BYTES; }
  FrRaw read(size_t from, size_t chain, size_t k) const {
    const uint8_t* at[LANES];
    for (size_t lane = 0; lane < LANES; lane++) at[lane] = f + offset(from, chain, lane, k);
    return gather<FrModulus>(at);
  }
  void write(size_t from, size_t chain, size_t k, const FrRaw& q) const {
    uint8_t* at[LANES];
    for (size_t lane = 0; lane < LANES; lane++) at[lane] = quotient + offset(from, chain, lane, k);
    scatter<4>(q, at);
  }
};

}  // namespace

void divideByLinear(Context& context, const uint8_t* f, size_t n, const uint8_t* z, uint8_t* quotient, uint8_t* value) {
  const Fr point = Fr::load(z);
  const bool alone = context.threads() == 1;
  if (n < 256 || (LANES == 1 && (alone || n < 4096))) {
    Fr carry = Fr::zero();
    for (size_t to = n; to > 0;) {
      context.checkpoint();
      const size_t from = to > 16384 ? to - 16384 : 0;
      carry = chain(f, from, to, point, carry, quotient);
      context.progress(n - from, n);
      to = from;
    }
    carry.store(value);
    return;
  }
  Division division(f, quotient, point, n >= 4096 ? 64 : 16);
  const size_t tile = division.tile(), segments = CHAINS * LANES, tiles = n / tile;
  Fr carry = chain(f, tiles * tile, n, point, Fr::zero(), quotient);
  // Alone, a few tiles at a time, so that f is read from memory once; else as much as is worth two loops.
  const size_t block = alone ? 4 : std::max<size_t>(1, (size_t(1) << 15) * size_t(context.threads()) / tile);
  division.ahead = (alone ? block : 1) * tile;
  std::vector<Fr> v(std::min(block, tiles) * segments);
  for (size_t to = tiles; to > 0;) {
    const size_t from = to > block ? to - block : 0, count = to - from;
    const Ranges ranges(context, count, double(tile) * (LANES == 8 ? 3 : 20), 1);
    ranges.runPart(context, [&](size_t a, size_t b, size_t) {
      for (size_t t = b; t-- > a;) division.values((from + t) * tile, &v[t * segments]);
    });
    for (size_t s = count * segments; s-- > 0;) {
      const Fr enters = carry;
      carry = add(v[s], mul(division.step, carry));
      v[s] = enters;
    }
    ranges.runPart(context, [&](size_t a, size_t b, size_t) {
      for (size_t t = b; t-- > a;) division.chains((from + t) * tile, &v[t * segments]);
    });
    context.progress(tiles - from, tiles);
    to = from;
  }
  carry.store(value);
}

}  // namespace zkattr
