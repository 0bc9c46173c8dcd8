/**
 * One product for each vector of a buffer, with neighbours side by side: while a vector is multiplied, the one before it is
 * made canonical and stored and the one after it is loaded. A CPU does not look far enough ahead to find this by itself
 * (some 64 vector instructions on Zen 4, against 250 a vector): without, an entry takes a third longer.
 */
#pragma once
#include "productSum.h"

namespace zkattr {

/**
 * store<B>(start(load(i)).reduce()) to vector i of out, i < vectors.
 * @param load   of a vector by its number: anything
 * @param start  of that: ProductSum<F>
 * out may be what is loaded, or begin below it: vector i + 1 is loaded before vector i - 1 is stored.
 */
template <class F, unsigned B, class Load, class Start>
inline void pipeline(size_t vectors, uint8_t* out, const Load& load, const Start& start) {
  if (vectors == 0) return;
  constexpr size_t STEP = RawLanes<F>::N * 32;
  auto next = load(size_t(0));
  RawLanes<F> previous = start(next).reduce();
  if (vectors > 1) next = load(size_t(1));
  for (size_t i = 1; i < vectors; i++) {
    const ProductSum<F> sum = start(next);
    next = load(i + 1 < vectors ? i + 1 : i);
    store<B>(previous, out + (i - 1) * STEP);
    previous = sum.reduce();
  }
  store<B>(previous, out + (vectors - 1) * STEP);
}

}  // namespace zkattr
