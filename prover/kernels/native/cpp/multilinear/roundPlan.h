/**
 * Terms of a round polynomial, sorted so that work is shared: cubic terms with a common factor (the pivot) are
 *   pivot (a_1 b_1 + a_2 b_2 + ...)
 * with one reduction of the sum in brackets.
 */
#pragma once
#include <algorithm>
#include <utility>
#include <vector>
#include "multilinear.h"

namespace zkattr {

struct RoundPlan {
  using Pair = std::pair<unsigned, unsigned>;
  /** sign pivot (sum of products of pairs). */
  struct Cubic {
    unsigned pivot;
    bool negative;
    std::vector<Pair> pairs;
  };
  struct Quadratic {
    Pair pair;
    bool negative;
  };
  struct Linear {
    unsigned table;
    bool negative;
  };
  /** With slopes below 2p, 16 products of two stay below (1 + 64 / 84) p < 2p. */
  static constexpr size_t MOST_PAIRS = 16;

  std::vector<Cubic> cubics;
  std::vector<Quadratic> quadratics;
  std::vector<Linear> linears;
  /** Tables that occur, ascending; positions above are indices into it. */
  std::vector<unsigned> used;

  RoundPlan(const RoundTerm* terms, size_t count, size_t tables) {
    std::vector<unsigned> position(tables, 0);
    for (size_t t = 0; t < count; t++)
      for (unsigned f = 0; f < terms[t].count; f++) position[terms[t].factors[f]] = 1;
    for (unsigned k = 0; k < tables; k++)
      if (position[k]) position[k] = unsigned(used.size()), used.push_back(k);
    const auto at = [&](size_t t, unsigned f) { return position[terms[t].factors[f]]; };

    std::vector<size_t> open;
    for (size_t t = 0; t < count; t++) {
      const bool negative = terms[t].sign < 0;
      if (terms[t].count == 1) linears.push_back({at(t, 0), negative});
      if (terms[t].count == 2) quadratics.push_back({{at(t, 0), at(t, 1)}, negative});
      if (terms[t].count == 3) open.push_back(t);
    }
    // The factor that most of the remaining terms have, until none is left.
    while (!open.empty()) {
      std::vector<size_t> occurrences(used.size(), 0);
      for (const size_t t : open)
        for (unsigned k = 0; k < used.size(); k++) occurrences[k] += k == at(t, 0) || k == at(t, 1) || k == at(t, 2);
      const auto pivot = unsigned(std::max_element(occurrences.begin(), occurrences.end()) - occurrences.begin());
      const bool negative = terms[open[0]].sign < 0;
      Cubic cubic{pivot, negative, {}};
      std::vector<size_t> rest;
      for (const size_t t : open) {
        const unsigned f[3] = {at(t, 0), at(t, 1), at(t, 2)};
        const int i = f[0] == pivot ? 0 : f[1] == pivot ? 1 : f[2] == pivot ? 2 : -1;
        if (i < 0 || (terms[t].sign < 0) != negative || cubic.pairs.size() == MOST_PAIRS) rest.push_back(t);
        else cubic.pairs.push_back({f[(i + 1) % 3], f[(i + 2) % 3]});
      }
      // The first open term may lack the pivot, and the others its sign.
      if (cubic.pairs.empty()) {
        const size_t t = open[0];
        cubic.pivot = at(t, 0);
        cubic.pairs.push_back({at(t, 1), at(t, 2)});
        rest.erase(rest.begin());
      }
      cubics.push_back(cubic);
      open = rest;
    }
  }
};

}  // namespace zkattr
