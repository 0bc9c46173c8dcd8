/**
 * Many independent affine additions with one inversion: the central loop of every MSM here.
 *   lambda = (y2 - y1) / (x2 - x1),  x3 = lambda^2 - x1 - x2,  y3 = lambda (x1 - x3) - y1
 * A vector holds one addition a lane. Montgomery's trick runs over the differences d_i = x2 - x1, a chain in every lane:
 * push() multiplies prefix products, finish() inverts them and goes back. 6 products an addition: 3 for the inverse, 3 for
 * the rest. Equal, opposite and infinite points are found by comparing x and get values of their own (Special).
 * Limit: multiply-adds, 6 x 105 cycles for 8 additions; then what surrounds them (loads, carries, transposes), about half as much.
 *
 * Forms: prefix products mix 2^256 and 2^260 freely. Let M(a, b) = a b / 2^260 and d_i be Raw; P_i = M(P_(i-1), d_i);
 * from u_i = c / P_i follow M(u_i, P_(i-1)) = c / d_i and M(u_i, d_i) = c / P_(i-1) = u_(i-1): powers of two cancel, and
 * c = 2^516 (2^512 with one lane) makes c / d_i the Mont form of the inverse.
 */
#pragma once
#include <algorithm>
#include <memory>
#include <vector>
#include "../curve/group.h"

namespace zkattr {

/** A point a lane, coordinates Raw and canonical, as lanes lie in memory: no transposing between rounds. */
template <class G>
struct Block {
  typename G::template Vector<Form::Raw> x, y;
};

/** The Ahead that does nothing. */
struct Nothing {
  void operator()() const {}
};

/**
 * @tparam Ahead  called once for every vector that is completed: to fetch what will be needed next while products run
 */
template <class G, class Ahead>
class BatchAdder {
  using E = typename G::Element;
  using Raw = typename G::template Vector<Form::Raw>;
  using Mont = typename G::template Vector<Form::Mont>;
  static constexpr size_t N = Raw::N;

 public:
  /** Vectors that share an inversion: enough to make it cheap, few enough for differences and blocks to stay in L2. */
  static constexpr size_t BATCH = 256;

  explicit BatchAdder(Ahead ahead) : pending(new Pending[BATCH]), ahead(ahead) {}

  /**
   * target = (x1, y1) + (x2, y2), once finish() ran. The target's block may hold either operand; no two additions between
   * calls of finish() may share one. Coordinates are canonical, y may come from negateIf.
   */
  void push(Block<G>* target, const Raw& x1, const Raw& y1, const Raw& x2, const Raw& y2) {
    Pending& p = pending[count];
    p.target = target;
    p.dx = minus<1>(x2, x1);
    p.dy = minus<1>(y2, y1);
    if (__builtin_expect(suspicious(x1, x2) != 0, 0)) examine(p, x1, y1, x2, y2);
    target->x = x1;
    target->y = y1;
    count++;
    // Two at a time: the second product fills the gaps of the first.
    if ((count & 1) == 0) multiply(count - 2), multiply(count - 1);
    if (count == BATCH) finish();
  }

  /** Carries out what was pushed. */
  void finish() {
    if (count == 0) return;
    if (count & 1) multiply(count - 1);
    // One inversion for both chains. With u = c / M(p0, p1): M(u, p1) = c / p0.
    const Mont inverted = invertLanes(times<2>(chain[0], chain[1]));
    u[0] = times<2>(inverted, chain[1]);
    u[1] = times<2>(inverted, chain[0]);
    if (count & 1) complete<1>(--count);
    for (; count > 0; count -= 2) complete<2>(count - 2);
    chain[0] = chain[1] = Mont::one();
    specials.clear();
  }

 private:
  struct Pending {
    Raw dx, dy;
    Mont prefix;
    Block<G>* target;
  };
  /** Lanes of one vector that the formula does not serve: `replaced` have their result here, `doubled` had dx = 2 y, dy = 3 x^2. */
  struct Special {
    size_t vector;
    LaneMask replaced, doubled;
    Raw x, y;
  };
  std::unique_ptr<Pending[]> pending;
  Ahead ahead;
  std::vector<Special> specials;
  size_t count = 0;
  Mont chain[2] = {Mont::one(), Mont::one()}, u[2];

  void multiply(size_t v) {
    pending[v].prefix = chain[v & 1];
    chain[v & 1] = asMont(times<2>(chain[v & 1], pending[v].dx));
  }

  /** Lanes that may be special: all that are, and one of 2^50 others. */
  static LaneMask suspicious(const Raw& x1, const Raw& x2) {
    return lowEqual(x1, x2) | lowZero(x1) | lowZero(x2);
  }

  static void unpack(const Raw& v, E lanes[]) {
    uint8_t* to[N];
    for (size_t i = 0; i < N; i++) to[i] = reinterpret_cast<uint8_t*>(&lanes[i]);
    G::scatterAt(v, to, 0);
  }
  static Raw pack(const E lanes[]) {
    const uint8_t* from[N];
    for (size_t i = 0; i < N; i++) from[i] = reinterpret_cast<const uint8_t*>(&lanes[i]);
    return G::gatherAt(from, 0);
  }

  __attribute__((noinline)) void examine(Pending& p, const Raw& x1, const Raw& y1, const Raw& x2, const Raw& y2) {
    E ax[N], ay[N], bx[N], by[N], dx[N], dy[N];
    unpack(x1, ax), unpack(x2, bx);
    unpack(settle(y1), ay), unpack(settle(y2), by);
    unpack(canonical<2>(p.dx), dx), unpack(canonical<2>(p.dy), dy);
    unsigned replaced = 0, doubled = 0;
    for (size_t i = 0; i < N; i++) {
      const bool infinite1 = ax[i].isZero() && ay[i].isZero(), infinite2 = bx[i].isZero() && by[i].isZero();
      if (!infinite1 && !infinite2 && !(ax[i] == bx[i])) continue;
      if (!infinite1 && !infinite2 && ay[i] == by[i]) {
        const E xx = square(ax[i]);
        doubled |= 1u << i;
        dx[i] = twice(ay[i]), dy[i] = add(twice(xx), xx);
        continue;
      }
      replaced |= 1u << i;
      dx[i] = E::one();
      if (infinite1) ax[i] = bx[i], ay[i] = by[i];
      else if (!infinite2) ax[i] = ay[i] = E::zero();
    }
    if ((replaced | doubled) == 0) return;
    p.dx = pack(dx), p.dy = pack(dy);
    specials.push_back({count, (LaneMask)replaced, (LaneMask)doubled, pack(ax), pack(ay)});
  }

  /** c / P in every lane. */
  static Mont invertLanes(const Mont& product) {
    E values[N], partial[N];
    unpack(canonical<2>(asRaw(product)), values);
    E all = values[0];
    for (size_t i = 1; i < N; i++) partial[i] = all, all = mul(all, values[i]);
    E inverted = inverse(all);
    for (size_t i = N; i-- > 1;) {
      const E value = values[i];
      values[i] = mul(inverted, partial[i]);
      inverted = mul(inverted, value);
    }
    values[0] = inverted;
    return canonical<16>(toMont(pack(values)));
  }

  /**
   * Vectors v .. v + S - 1 in step: an addition is a sequence of dependent products, and only a second, independent one
   * beside it keeps the multipliers busy (a reorder buffer holds about two products).
   */
  template <size_t S>
  void complete(size_t v) {
    Raw lambda[S], x3[S], y3[S];
    Mont inverse[S], slope[S];
    Pending* const p = &pending[v];
    for (size_t s = 0; s < S; s++) ahead();
    for (size_t s = 0; s < S; s++) inverse[s] = times<2>(u[(v + s) & 1], p[s].prefix);
    for (size_t s = 0; s < S; s++) u[(v + s) & 1] = asMont(times<2>(u[(v + s) & 1], p[s].dx));
    for (size_t s = 0; s < S; s++) lambda[s] = times<2>(inverse[s], p[s].dy);                           // < 2 p
    for (size_t s = 0; s < S; s++) slope[s] = toMont(lambda[s]);                                        // < 32 p
    for (size_t s = 0; s < S; s++) x3[s] = times<2>(slope[s], lambda[s]);                               // < 3 p
    for (size_t s = 0; s < S; s++) {
      // x1 + x2 = 2 x1 + dx - p, below 3 p.
      const Raw& x1 = p[s].target->x;
      x3[s] = canonical<G::X_BOUND>(minus3<3>(x3[s], x1, x1, p[s].dx));
      if (__builtin_expect(!specials.empty(), 0)) fixDoubled(v + s, p[s].dx, x3[s]);
      y3[s] = minus<1>(x1, x3[s]);
    }
    for (size_t s = 0; s < S; s++) y3[s] = times<2>(slope[s], y3[s]);                                   // < 3 p
    for (size_t s = 0; s < S; s++) {
      p[s].target->y = canonical<4>(minus<1>(y3[s], p[s].target->y));
      p[s].target->x = x3[s];
    }
    for (size_t s = S; s-- > 0;)
      if (__builtin_expect(!specials.empty(), 0)) replace(v + s, *p[s].target);
  }

  /** Pushed in order of vectors. */
  const Special* find(size_t v) const {
    const auto at = std::lower_bound(specials.begin(), specials.end(), v, [](const Special& special, size_t vector) { return special.vector < vector; });
    return at != specials.end() && at->vector == v ? &*at : nullptr;
  }
  /** x3 lacked + dx - p where x2 = x1 and dx was 2 y. */
  __attribute__((noinline)) void fixDoubled(size_t v, const Raw& dx, Raw& x3) const {
    const Special* special = find(v);
    if (special) x3 = select(special->doubled, x3, canonical<4>(plus(x3, dx)));
  }
  __attribute__((noinline)) void replace(size_t v, Block<G>& target) {
    const Special* special = find(v);
    if (special) target = {select(special->replaced, target.x, special->x), select(special->replaced, target.y, special->y)};
  }
};

}  // namespace zkattr
