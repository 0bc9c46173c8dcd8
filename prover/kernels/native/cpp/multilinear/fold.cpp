#include "fold.h"
#include "../parallel/ranges.h"
#include "multilinear.h"

namespace zkattr {

void foldAll(Context& context, const uint8_t* const* tables, size_t count, size_t half, const uint8_t* r, uint8_t* const* outs) {
  const FrMont factor = FrMont::broadcast(Fr::load(r));
  Ranges(context, count * half, LANES == 8 ? 6 : 25, LANES).run(context, [&](size_t from, size_t to, size_t) {
    while (from < to) {
      const size_t table = from / half, i = from % half, n = std::min(half - i, to - from);
      fold(tables[table] + i * FR_BYTES, tables[table] + (half + i) * FR_BYTES, factor, n, outs[table] + i * FR_BYTES);
      from += n;
    }
  });
}

}  // namespace zkattr
