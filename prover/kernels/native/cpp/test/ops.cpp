/** Operations on buffers equal one-element arithmetic: both fields, lengths around lanes and batches, in place, unaligned. */
#include "../field/ops.h"
#include <vector>
#include "../field/inverse.h"
#include "check.h"
#include "teamContext.h"

using namespace zkattr;

template <class F>
static void operations(FieldId field, size_t n, TeamContext& context) {
  using E = Element<F>;
  Random random(n);
  std::vector<E> a(n), b(n);
  std::vector<uint8_t> bytesA(32 * n + 2, 0xa5), bytesB(32 * n + 2, 0xa5);
  for (size_t i = 0; i < n; i++) {
    a[i] = random.edgy<F>(), b[i] = random.edgy<F>();
    // Integers that are not in Montgomery form are elements as well.
    a[i].store(&bytesA[1 + 32 * i]), b[i].store(&bytesB[1 + 32 * i]);
  }
  // To a buffer of its own, onto a, and onto b.
  const auto check = [&](const char* name, int places, auto run, auto expected) {
    for (int place = 0; place < places; place++) {
      std::vector<uint8_t> x = bytesA, y = bytesB, z(32 * n + 2, 0xa5);
      std::vector<uint8_t>& out = place == 0 ? z : place == 1 ? x : y;
      run(&x[1], &y[1], &out[1]);
      for (size_t i = 0; i < n; i++) CHECK(E::load(&out[1 + 32 * i]) == expected(i), "%s n = %zu, entry %zu, place %d", name, n, i, place);
      CHECK(out.front() == 0xa5 && out.back() == 0xa5, "%s n = %zu wrote outside", name, n);
    }
  };
  using Bytes = const uint8_t*;
  check("add", 3, [&](Bytes x, Bytes y, uint8_t* out) { fieldBinary(context, field, BinaryOp::Add, x, y, n, out); }, [&](size_t i) { return add(a[i], b[i]); });
  check("sub", 3, [&](Bytes x, Bytes y, uint8_t* out) { fieldBinary(context, field, BinaryOp::Sub, x, y, n, out); }, [&](size_t i) { return sub(a[i], b[i]); });
  check("mul", 3, [&](Bytes x, Bytes y, uint8_t* out) { fieldBinary(context, field, BinaryOp::Mul, x, y, n, out); }, [&](size_t i) { return mul(a[i], b[i]); });
  check("neg", 2, [&](Bytes x, Bytes, uint8_t* out) { fieldUnary(context, field, UnaryOp::Neg, x, n, out); }, [&](size_t i) { return neg(a[i]); });
  check("square", 2, [&](Bytes x, Bytes, uint8_t* out) { fieldUnary(context, field, UnaryOp::Square, x, n, out); }, [&](size_t i) { return square(a[i]); });
  check("toMontgomery", 2, [&](Bytes x, Bytes, uint8_t* out) { fieldUnary(context, field, UnaryOp::ToMontgomery, x, n, out); }, [&](size_t i) { return toMontgomery(a[i]); });
  check("fromMontgomery", 2, [&](Bytes x, Bytes, uint8_t* out) { fieldUnary(context, field, UnaryOp::FromMontgomery, x, n, out); }, [&](size_t i) { return fromMontgomery(a[i]); });
  std::vector<E> inverses;
  for (const E& x : a) inverses.push_back(inverse(x));
  check("batchInverse", 2, [&](Bytes x, Bytes, uint8_t* out) { fieldBatchInverse(context, field, x, n, out); }, [&](size_t i) { return inverses[i]; });
}

int main() {
  TeamContext one(1), three(3);
  for (const size_t n : {0, 1, 2, 7, 8, 9, 16, 19, 100, 2047, 2048, 2049, 4097, 30000}) {
    for (TeamContext* context : {&one, &three}) {
      operations<FqModulus>(FieldId::Fq, n, *context);
      operations<FrModulus>(FieldId::Fr, n, *context);
    }
  }
  CHECK(one.wrongProgress == 0 && three.wrongProgress == 0 && one.completed > 0, "progress");
  return report("ops");
}
