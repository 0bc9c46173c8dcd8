#include "ops.h"
#include "../parallel/ranges.h"
#include "inverse.h"
#include "pipeline.h"
#include <vector>

namespace zkattr {
namespace {

constexpr size_t BYTES = 32;

/** A vector of each operand. */
template <class F>
struct Pair {
  RawLanes<F> a, b;
};

/** body(load, vectors, out) for the whole vectors of each task, and once more for the rest, from a copy. */
template <class F, class Body>
void eachTask(Context& context, const uint8_t* a, const uint8_t* b, size_t n, uint8_t* out, const Body& body) {
  constexpr size_t N = RawLanes<F>::N, STEP = N * BYTES;
  Ranges(context, n, N == 8 ? 5 : 20, N).run(context, [&](size_t from, size_t to, size_t) {
    const uint8_t *x = a + from * BYTES, *y = b + from * BYTES;
    const size_t vectors = (to - from) / N, rest = (to - from) % N;
    body([=](size_t i) { return Pair<F>{load<F>(x + i * STEP), load<F>(y + i * STEP)}; }, vectors, out + from * BYTES);
    if (rest) {
      const Pair<F> last{loadPart<F>(x + vectors * STEP, rest), loadPart<F>(y + vectors * STEP, rest)};
      alignas(64) uint8_t copy[STEP];
      body([&](size_t) { return last; }, 1, copy);
      std::memcpy(out + from * BYTES + vectors * STEP, copy, rest * BYTES);
    }
  });
}

/** out[i] = f(a[i], b[i]), below 2p. */
template <class F, class Body>
void eachSum(Context& context, const uint8_t* a, const uint8_t* b, size_t n, uint8_t* out, const Body& f) {
  eachTask<F>(context, a, b, n, out, [&](const auto& load, size_t vectors, uint8_t* to) {
    for (size_t i = 0; i < vectors; i++) {
      const Pair<F> pair = load(i);
      store<2>(f(pair.a, pair.b), to + i * RawLanes<F>::N * BYTES);
    }
  });
}
/** out[i] = the product of the two that f makes of (a[i], b[i]), below 2p. */
template <class F, class Body>
void eachProduct(Context& context, const uint8_t* a, const uint8_t* b, size_t n, uint8_t* out, const Body& f) {
  eachTask<F>(context, a, b, n, out, [&](const auto& load, size_t vectors, uint8_t* to) {
    pipeline<F, 2>(vectors, to, load, [&](const Pair<F>& pair) {
      ProductSum<F> sum = ProductSum<F>::zero();
      sum.add(f(pair.a), pair.b);
      return sum;
    });
  });
}

template <class F>
void binary(Context& context, BinaryOp op, const uint8_t* a, const uint8_t* b, size_t n, uint8_t* out) {
  using Raw = RawLanes<F>;
  switch (op) {
    case BinaryOp::Add: return eachSum<F>(context, a, b, n, out, [](const Raw& x, const Raw& y) { return add(x, y); });
    case BinaryOp::Sub: return eachSum<F>(context, a, b, n, out, [](const Raw& x, const Raw& y) { return sub<1>(x, y); });
    // 16 p times p: below (1 + 16 / 84) p.
    case BinaryOp::Mul: return eachProduct<F>(context, a, b, n, out, [](const Raw& x) { return toMont(x); });
  }
}

template <class F>
void unary(Context& context, UnaryOp op, const uint8_t* a, size_t n, uint8_t* out) {
  using Raw = RawLanes<F>;
  switch (op) {
    // p - 0 = p is reduced by the store.
    case UnaryOp::Neg: return eachSum<F>(context, a, a, n, out, [](const Raw& x, const Raw&) { return sub<1>(Raw::zero(), x); });
    case UnaryOp::Square: return eachProduct<F>(context, a, a, n, out, [](const Raw& x) { return toMont(x); });
    case UnaryOp::ToMontgomery:
    case UnaryOp::FromMontgomery: {
      // Times 2^256 or 2^-256: the elements whose Montgomery forms are 2^512 and 1.
      const auto factor = MontLanes<F>::broadcast(op == UnaryOp::ToMontgomery ? Element<F>::of(Constants<F>::R2) : Element<F>{{1, 0, 0, 0}});
      return eachProduct<F>(context, a, a, n, out, [&](const Raw&) { return factor; });
    }
  }
}

/** Elements to one inversion: their products stay in the second cache, and the inversion is a hundredth of the work. */
constexpr size_t BATCH = 2048;

/**
 * One batch. Lane l of vector i: prefix_i = a_0 ... a_(i-1), zeros taken as 1; the N products of whole lanes are inverted
 * together, then from the end  out_i = inverse prefix_i,  inverse = inverse a_i.
 */
template <class F>
void invert(const uint8_t* a, size_t n, uint8_t* out, MontLanes<F>* prefix) {
  using E = Element<F>;
  using Raw = RawLanes<F>;
  using Mont = MontLanes<F>;
  constexpr size_t N = Raw::N;
  const size_t vectors = (n + N - 1) / N;
  const Raw oneRaw = Raw::broadcast(E::one());
  const auto value = [&](size_t i, LaneMask& zeros) {
    const size_t count = n - i * N;
    const Raw x = count >= N ? load<F>(a + i * N * BYTES) : loadPart<F>(a + i * N * BYTES, count);
    zeros = isZero(x);
    return select(zeros, x, oneRaw);
  };
  LaneMask zeros;
  Mont product = Mont::one();
  for (size_t i = 0; i < vectors; i++) {
    prefix[i] = product;
    // 2p times 16p: below (1 + 32 / 84) p.
    product = mul(product, toMont(value(i, zeros)));
  }
  // Lanes together, one at a time.
  alignas(64) E lanes[N], before[N];
  store<2>(toRaw(product), lanes);
  E all = E::one();
  for (size_t l = 0; l < N; l++) before[l] = all, all = mul(all, lanes[l]);
  all = inverse(all);
  for (size_t l = N; l-- > 0;) {
    const E x = mul(all, before[l]);
    all = mul(all, lanes[l]);
    lanes[l] = x;
  }
  Raw rest = load<F>(lanes);
  for (size_t i = vectors; i-- > 0;) {
    const Raw x = value(i, zeros);
    const Raw result = select(zeros, mul(prefix[i], rest), Raw::zero());
    rest = mul(toMont(x), rest);
    const size_t count = n - i * N;
    if (count >= N) store<2>(result, out + i * N * BYTES);
    else storePart<2>(result, out + i * N * BYTES, count);
  }
}

template <class F>
void batchInverse(Context& context, const uint8_t* a, size_t n, uint8_t* out) {
  constexpr size_t N = RawLanes<F>::N;
  Ranges(context, n, N == 8 ? 16 : 80, N).run(context, [&](size_t from, size_t to, size_t) {
    std::vector<MontLanes<F>> prefix((std::min(BATCH, to - from) + N - 1) / N);
    for (size_t i = from; i < to; i += BATCH) invert<F>(a + i * BYTES, std::min(BATCH, to - i), out + i * BYTES, prefix.data());
  });
}

}  // namespace

void fieldBinary(Context& context, FieldId field, BinaryOp op, const uint8_t* a, const uint8_t* b, size_t n, uint8_t* out) {
  field == FieldId::Fr ? binary<FrModulus>(context, op, a, b, n, out) : binary<FqModulus>(context, op, a, b, n, out);
}
void fieldUnary(Context& context, FieldId field, UnaryOp op, const uint8_t* a, size_t n, uint8_t* out) {
  field == FieldId::Fr ? unary<FrModulus>(context, op, a, n, out) : unary<FqModulus>(context, op, a, n, out);
}
void fieldBatchInverse(Context& context, FieldId field, const uint8_t* a, size_t n, uint8_t* out) {
  field == FieldId::Fr ? batchInverse<FrModulus>(context, a, n, out) : batchInverse<FqModulus>(context, a, n, out);
}

}  // namespace zkattr
