/**
 * Sums of points bucket by bucket, by rounds of pairwise affine additions: in each round entry j of a bucket takes entry
 * (count - 1 - j), so a bucket halves in place, an odd one keeps its middle, and no two additions of a round touch the same
 * point: no conflicts, whatever the scalars.
 * Eight buckets of equal size go together, one a lane: only the first round gathers points (and transposes them), all
 * later ones run on blocks. Larger buckets, and those that find too few of their size, are cut into pieces.
 *   entries - non-empty buckets additions in all.
 */
#pragma once
#include "../parallel/context.h"
#include "batchAdd.h"

namespace zkattr {

/** The top bit of an entry negates its point. */
inline constexpr uint32_t NEGATED = 0x80000000u, INDEX = 0x7fffffffu;

/** Entries [from, from + count) of an array, and where their sum goes (POINT_BYTES). */
struct Bucket {
  const uint32_t* from;
  size_t count;
  uint8_t* sum;
};

template <class G>
class BucketSums {
  using Raw = typename G::template Vector<Form::Raw>;
  static constexpr size_t N = Raw::N;

 public:
  static constexpr size_t PIECE = 64;
  /** Vectors of the first round taken together: their blocks, 640 bytes each in G1, lie in L2 or just beyond. */
  static constexpr size_t CHUNK = 1024;

  /** bucket.sum = sum of its points, all zeros for none. */
  void run(Context& context, const uint8_t* points, const std::vector<Bucket>& buckets) {
    // Which buckets stay whole: those that find seven others of their size, or nearly. Wholes write to their sum, the
    // pieces of the others to `partial`.
    size_t leftover[PIECE + 1] = {};
    for (const Bucket& b : buckets)
      if (b.count <= PIECE) leftover[b.count]++;
    for (size_t size = 0; size <= PIECE; size++) {
      leftover[size] %= N;
      if (leftover[size] > N / 2 || size < 8 || (size & (size - 1)) == 0) leftover[size] = 0;
    }
    std::vector<Cut> cuts;
    size_t pieceCount[PIECE + 1] = {}, partials = 0;
    for (const Bucket& b : buckets) {
      if (b.count == 0) {
        std::memset(b.sum, 0, G::POINT_BYTES);
      } else if (b.count <= PIECE && leftover[b.count] == 0) {
        pieceCount[b.count]++;
      } else {
        if (b.count <= PIECE) leftover[b.count]--;
        const size_t first = partials;
        forEachPiece(b.count, [&](size_t, size_t size) { pieceCount[size]++, partials++; });
        cuts.push_back({&b, first, partials - first});
      }
    }
    std::vector<uint8_t> partial(partials * G::POINT_BYTES);
    size_t total = 0, start[PIECE + 2];
    for (size_t size = 1; size <= PIECE; size++) start[size] = total, total += pieceCount[size];
    start[PIECE + 1] = total;
    std::vector<Piece> pieces(total);
    size_t next[PIECE + 2];
    std::copy(start, start + PIECE + 2, next);
    auto cut = cuts.begin();
    for (const Bucket& b : buckets) {
      if (cut != cuts.end() && cut->bucket == &b) {
        size_t to = cut++->first;
        forEachPiece(b.count, [&](size_t from, size_t size) { pieces[next[size]++] = {b.from + from, &partial[to++ * G::POINT_BYTES]}; });
      } else if (b.count > 0) {
        pieces[next[b.count]++] = {b.from, b.sum};
      }
    }
    for (size_t i = start[1]; i < start[2]; i++) copy(points, *pieces[i].from, pieces[i].sum);
    groups.clear();
    size_t vectors = 0;
    for (size_t size = PIECE; size >= 2; size--) {
      for (size_t i = start[size]; i < start[size + 1]; i += N) {
        if (vectors >= CHUNK) vectors = 0;
        groups.push_back({&pieces[i], std::min(N, start[size + 1] - i), size, vectors});
        vectors += (size + 1) / 2;
      }
    }
    fetch.start(points, groups);
    for (size_t from = 0, to; from < groups.size(); from = to) {
      for (to = from + 1; to < groups.size() && groups[to].block != 0;) to++;
      context.checkpoint();
      chunk(points, &groups[from], &groups[to]);
    }

    if (cuts.empty()) return;

    std::vector<uint32_t> indices(partials);
    for (size_t i = 0; i < partials; i++) indices[i] = (uint32_t)i;
    std::vector<Bucket> whole;
    for (const Cut& cut : cuts) whole.push_back({&indices[cut.first], cut.pieces, cut.bucket->sum});
    run(context, partial.data(), whole);
  }

 private:
  /** piece(from, size): as many of PIECE as there are, then powers of two, so that pieces of all buckets come in few sizes. */
  template <class Visit>
  static void forEachPiece(size_t count, const Visit& piece) {
    size_t from = 0;
    for (; count - from >= PIECE; from += PIECE) piece(from, PIECE);
    for (size_t size = PIECE / 2; size > 0; size /= 2)
      if ((count - from) & size) piece(from, size), from += size;
  }
  struct Cut {
    const Bucket* bucket;
    size_t first, pieces;
  };
  struct Piece {
    const uint32_t* from;
    uint8_t* sum;
  };
  /** Pieces of one size, a lane each; blocks from `block` on. */
  struct Group {
    const Piece* pieces;
    size_t lanes, size, block;
  };
  /**
   * Goes over the points of the first rounds ahead of their use, a vector a step, and asks for them, into L2. Spread over
   * all products, later rounds included, so that misses overlap with arithmetic.
   */
  class Fetch {
   public:
    void start(const uint8_t* at, const std::vector<Group>& all) {
      points = at, groups = all.data(), end = groups + all.size(), j = 0, lead = 0;
      for (size_t i = 0; i < WINDOW / 4 && groups < end; i++) step();
    }
    /** A vector was used. */
    void used() {
      if (lead == 0) step();
      if (lead > 0) lead--;
    }
    void step() {
      if (groups == end || lead >= WINDOW) return;
      const size_t other = groups->size - 1 - j;
      for (size_t i = 0; i < groups->lanes; i++) {
        const uint32_t* from = groups->pieces[i].from;
        request(from[j]);
        if (other != j) request(from[other]);
      }
      lead++;
      if (++j >= (groups->size + 1) / 2) {
        groups++, j = 0;
        if (groups < end)
          for (size_t i = 0; i < groups->lanes; i++) __builtin_prefetch(groups->pieces[i].from);
      }
    }

   private:
    /** Vectors ahead at most: 16 points each, a quarter of L2. */
    static constexpr size_t WINDOW = 256 * 64 / G::POINT_BYTES;
    const uint8_t* points = nullptr;
    const Group *groups = nullptr, *end = nullptr;
    size_t j = 0, lead = 0;
    void request(uint32_t entry) const {
      const uint8_t* at = points + size_t(entry & INDEX) * G::POINT_BYTES;
      for (size_t line = 0; line < G::POINT_BYTES; line += 64) __builtin_prefetch(at + line, 0, 2);
    }
  };
  struct Step {
    Fetch* fetch;
    void operator()() const { fetch->step(); }
  };
  Fetch fetch;
  BatchAdder<G, Step> adder{Step{&fetch}};
  std::vector<Group> groups;
  std::unique_ptr<Block<G>[]> blocks{new Block<G>[CHUNK + PIECE]};

  static void copy(const uint8_t* points, uint32_t entry, uint8_t* to) {
    const uint8_t* from = points + size_t(entry & INDEX) * G::POINT_BYTES;
    std::memcpy(to, from, G::POINT_BYTES);
    if (entry & NEGATED) neg(G::Element::load(from + G::COORDINATE_BYTES)).store(to + G::COORDINATE_BYTES);
  }

  void firstRound(const uint8_t* points, const Group* begin, const Group* end) {
    for (const Group* g = begin; g < end; g++) {
      const uint32_t* from[N];
      // Lanes without a piece repeat the first one; their results are not read.
      for (size_t i = 0; i < N; i++) from[i] = g->pieces[i < g->lanes ? i : 0].from;
      const size_t half = g->size / 2;
      for (size_t j = 0; j < half; j++) {
        uint32_t a[N], b[N];
        const uint8_t *atA[N], *atB[N];
        for (size_t i = 0; i < N; i++) a[i] = from[i][j], b[i] = from[i][g->size - 1 - j];
        const LaneMask negateA = locate<G::POINT_BYTES>(points, a, atA), negateB = locate<G::POINT_BYTES>(points, b, atB);
        const Raw y1 = negateIf(negateA, G::gatherAt(atA, G::COORDINATE_BYTES)), y2 = negateIf(negateB, G::gatherAt(atB, G::COORDINATE_BYTES));
        adder.push(&blocks[g->block + j], G::gatherAt(atA, 0), y1, G::gatherAt(atB, 0), y2);
        fetch.used();
      }
      if (g->size & 1) {
        uint32_t middle[N];
        const uint8_t* at[N];
        for (size_t i = 0; i < N; i++) middle[i] = from[i][half];
        const LaneMask negate = locate<G::POINT_BYTES>(points, middle, at);
        blocks[g->block + half] = {G::gatherAt(at, 0), settle(negateIf(negate, G::gatherAt(at, G::COORDINATE_BYTES)))};
        fetch.used();
      }
    }
    adder.finish();
  }

  /** Sums of all groups. */
  void chunk(const uint8_t* points, Group* begin, Group* end) {
    firstRound(points, begin, end);
    for (Group* g = begin; g < end; g++) g->size = (g->size + 1) / 2;
    for (bool more = true; more;) {
      more = false;
      for (Group* g = begin; g < end; g++) {
        if (g->size < 2) continue;
        Block<G>* const first = &blocks[g->block];
        for (size_t j = 0; j < g->size / 2; j++) {
          const Block<G>&a = first[j], &b = first[g->size - 1 - j];
          adder.push(&first[j], a.x, a.y, b.x, b.y);
        }
        g->size = (g->size + 1) / 2;
        more |= g->size > 1;
      }
      adder.finish();
    }
    for (const Group* g = begin; g < end; g++) {
      uint8_t* to[N];
      alignas(64) uint8_t unused[G::POINT_BYTES];
      for (size_t i = 0; i < N; i++) to[i] = i < g->lanes ? g->pieces[i].sum : unused;
      G::scatterAt(blocks[g->block].x, to, 0);
      G::scatterAt(blocks[g->block].y, to, G::COORDINATE_BYTES);
    }
  }
};

}  // namespace zkattr
