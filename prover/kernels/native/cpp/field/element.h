/**
 * One field element: 4 limbs of 64 bits, Montgomery form x 2^256 mod p, always canonical (below p).
 * The memory form of every buffer. The product is mulx/adcx/adox assembly where the build allows it, else 128-bit C++.
 * Not constant-time: inversion and comparisons depend on the value.
 */
#pragma once
#include <cstring>
#include "modulus.h"

namespace zkattr {

template <class Field>
struct Element {
  uint64_t v[4];

  static constexpr Element zero() { return {{0, 0, 0, 0}}; }
  static constexpr Element of(const Limbs4& a) { return {{a[0], a[1], a[2], a[3]}}; }
  static constexpr Element one() { return of(Constants<Field>::R); }
  static Element load(const void* bytes) {
#if defined(ZKATTR_ISA_IFMA)
    Element e;
    std::memcpy(e.v, bytes, 32);
    return e;
  }
  void store(void* bytes) const { std::memcpy(bytes, v, 32); }
#else
    // Limb by limb: a vector store of 32 bytes stalls the limbs' loads that follow.
    uint64_t a, b, c, d;
    const auto* p = static_cast<const uint8_t*>(bytes);
    std::memcpy(&a, p, 8), std::memcpy(&b, p + 8, 8), std::memcpy(&c, p + 16, 8), std::memcpy(&d, p + 24, 8);
    return {{a, b, c, d}};
  }
  void store(void* bytes) const {
    auto* p = static_cast<uint8_t*>(bytes);
    std::memcpy(p, &v[0], 8), std::memcpy(p + 8, &v[1], 8), std::memcpy(p + 16, &v[2], 8), std::memcpy(p + 24, &v[3], 8);
  }
#endif
  bool isZero() const { return (v[0] | v[1] | v[2] | v[3]) == 0; }
  bool operator==(const Element& o) const { return ((v[0] ^ o.v[0]) | (v[1] ^ o.v[1]) | (v[2] ^ o.v[2]) | (v[3] ^ o.v[3])) == 0; }
};
using Fq = Element<FqModulus>;
using Fr = Element<FrModulus>;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(ZKATTR_ISA_IFMA)
/*
 * Carry chains by hand (not beside vector code: GCC 12 does not finish with large functions of both, and elements are rare there): compilers keep the halves of their 128-bit sums in memory, which takes four times as long.
 * The plain equivalents are below.
 */
/** a - p if a >= p, for a < 2p. */
template <class F>
inline Element<F> reduceOnce(const uint64_t a[4]) {
  static const uint64_t p[4] = {F::P[0], F::P[1], F::P[2], F::P[3]};
  uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], d0 = t0, d1 = t1, d2 = t2, d3 = t3;
  __asm__(
      "subq %[p0], %[d0]\n\tsbbq %[p1], %[d1]\n\tsbbq %[p2], %[d2]\n\tsbbq %[p3], %[d3]\n\t"
      "cmovcq %[t0], %[d0]\n\tcmovcq %[t1], %[d1]\n\tcmovcq %[t2], %[d2]\n\tcmovcq %[t3], %[d3]"
      : [d0] "+&r"(d0), [d1] "+&r"(d1), [d2] "+&r"(d2), [d3] "+&r"(d3)
      : [t0] "r"(t0), [t1] "r"(t1), [t2] "r"(t2), [t3] "r"(t3), [p0] "m"(p[0]), [p1] "m"(p[1]), [p2] "m"(p[2]), [p3] "m"(p[3])
      : "cc");
  return {{d0, d1, d2, d3}};
}

template <class F>
inline Element<F> add(const Element<F>& a, const Element<F>& b) {
  uint64_t t[4] = {a.v[0], a.v[1], a.v[2], a.v[3]};
  __asm__("addq %[b0], %[t0]\n\tadcq %[b1], %[t1]\n\tadcq %[b2], %[t2]\n\tadcq %[b3], %[t3]"
          : [t0] "+&r"(t[0]), [t1] "+&r"(t[1]), [t2] "+&r"(t[2]), [t3] "+&r"(t[3])
          : [b0] "rm"(b.v[0]), [b1] "rm"(b.v[1]), [b2] "rm"(b.v[2]), [b3] "rm"(b.v[3])
          : "cc");
  return reduceOnce<F>(t);  // 2p < 2^256: no carry out
}

template <class F>
inline Element<F> sub(const Element<F>& a, const Element<F>& b) {
  uint64_t t0 = a.v[0], t1 = a.v[1], t2 = a.v[2], t3 = a.v[3], mask;
  __asm__("subq %[b0], %[t0]\n\tsbbq %[b1], %[t1]\n\tsbbq %[b2], %[t2]\n\tsbbq %[b3], %[t3]\n\tsbbq %[mask], %[mask]"
          : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [mask] "=&r"(mask)
          : [b0] "rm"(b.v[0]), [b1] "rm"(b.v[1]), [b2] "rm"(b.v[2]), [b3] "rm"(b.v[3])
          : "cc");
  // p again where it borrowed.
  const uint64_t p0 = F::P[0] & mask, p1 = F::P[1] & mask, p2 = F::P[2] & mask, p3 = F::P[3] & mask;
  __asm__("addq %[p0], %[t0]\n\tadcq %[p1], %[t1]\n\tadcq %[p2], %[t2]\n\tadcq %[p3], %[t3]"
          : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3)
          : [p0] "r"(p0), [p1] "r"(p1), [p2] "r"(p2), [p3] "r"(p3)
          : "cc");
  return {{t0, t1, t2, t3}};
}
#else
/** a - p if a >= p, for a < 2p. */
template <class F>
inline Element<F> reduceOnce(const uint64_t a[4]) {
  uint64_t d[4];
  unsigned char borrow = 0;
  for (int i = 0; i < 4; i++) {
    const unsigned __int128 t = (unsigned __int128)a[i] - F::P[i] - borrow;
    d[i] = (uint64_t)t;
    borrow = (t >> 64) & 1;
  }
  const uint64_t keep = 0 - (uint64_t)borrow;
  Element<F> out;
  for (int i = 0; i < 4; i++) out.v[i] = (a[i] & keep) | (d[i] & ~keep);
  return out;
}

template <class F>
inline Element<F> add(const Element<F>& a, const Element<F>& b) {
  uint64_t t[4];
  unsigned __int128 c = 0;
  for (int i = 0; i < 4; i++) {
    c += (unsigned __int128)a.v[i] + b.v[i];
    t[i] = (uint64_t)c;
    c >>= 64;
  }
  return reduceOnce<F>(t);  // 2p < 2^256: no carry out
}

template <class F>
inline Element<F> sub(const Element<F>& a, const Element<F>& b) {
  uint64_t t[4];
  unsigned char borrow = 0;
  for (int i = 0; i < 4; i++) {
    const unsigned __int128 d = (unsigned __int128)a.v[i] - b.v[i] - borrow;
    t[i] = (uint64_t)d;
    borrow = (d >> 64) & 1;
  }
  const uint64_t mask = 0 - (uint64_t)borrow;
  Element<F> out;
  unsigned __int128 c = 0;
  for (int i = 0; i < 4; i++) {
    c += (unsigned __int128)t[i] + (F::P[i] & mask);
    out.v[i] = (uint64_t)c;
    c >>= 64;
  }
  return out;
}
#endif

template <class F>
inline Element<F> neg(const Element<F>& a) {
  return sub(Element<F>::zero(), a);
}
template <class F>
inline Element<F> twice(const Element<F>& a) {
  return add(a, a);
}

#if defined(ZKATTR_ISA_ADX) || defined(ZKATTR_ISA_IFMA)
/**
 * a b / 2^256 mod p, word by word ("no-carry" CIOS: p < 2^254, so the fifth word never overflows); the plain equivalent is
 * the C++ below. One row: t += a b_i on the CF and OF chains at once, then t = (t + m p) / 2^64 with m = -t_0 / p mod 2^64.
 * Source: Acar 1996; gnark's note "Faster big-integer modular multiplication for most moduli".
 */
template <class F>
inline Element<F> mul(const Element<F>& a, const Element<F>& b) {
  static const uint64_t constants[5] = {F::P[0], F::P[1], F::P[2], F::P[3], Constants<F>::NEGATIVE_INVERSE};
  uint64_t t0, t1, t2, t3, hi, lo;
#define ZKATTR_REDUCE                                 \
  "movq 32(%[k]), %%rdx\n\t"                          \
  "imulq %[t0], %%rdx\n\t"                            \
  "xorl %%eax, %%eax\n\t"                             \
  "mulxq (%[k]), %%rax, %[lo]\n\t"                    \
  "adcxq %[t0], %%rax\n\t"                            \
  "movq %[lo], %[t0]\n\t"                             \
  "adcxq %[t1], %[t0]\n\t"                            \
  "mulxq 8(%[k]), %[lo], %[t1]\n\t"                   \
  "adoxq %[lo], %[t0]\n\t"                            \
  "adcxq %[t2], %[t1]\n\t"                            \
  "mulxq 16(%[k]), %[lo], %[t2]\n\t"                  \
  "adoxq %[lo], %[t1]\n\t"                            \
  "adcxq %[t3], %[t2]\n\t"                            \
  "mulxq 24(%[k]), %[lo], %[t3]\n\t"                  \
  "adoxq %[lo], %[t2]\n\t"                            \
  "movl $0, %%eax\n\t"                                \
  "adcxq %%rax, %[t3]\n\t"                            \
  "adoxq %[hi], %[t3]\n\t"
#define ZKATTR_ROW(offset)                            \
  "movq " offset "(%[b]), %%rdx\n\t"                  \
  "xorl %%eax, %%eax\n\t"                             \
  "mulxq (%[a]), %[lo], %[hi]\n\t"                    \
  "adoxq %[lo], %[t0]\n\t"                            \
  "adcxq %[hi], %[t1]\n\t"                            \
  "mulxq 8(%[a]), %[lo], %[hi]\n\t"                   \
  "adoxq %[lo], %[t1]\n\t"                            \
  "adcxq %[hi], %[t2]\n\t"                            \
  "mulxq 16(%[a]), %[lo], %[hi]\n\t"                  \
  "adoxq %[lo], %[t2]\n\t"                            \
  "adcxq %[hi], %[t3]\n\t"                            \
  "mulxq 24(%[a]), %[lo], %[hi]\n\t"                  \
  "adoxq %[lo], %[t3]\n\t"                            \
  "movl $0, %%eax\n\t"                                \
  "adcxq %%rax, %[hi]\n\t"                            \
  "adoxq %%rax, %[hi]\n\t"
  __asm__(
      "movq (%[b]), %%rdx\n\t"
      "xorl %%eax, %%eax\n\t"
      "mulxq (%[a]), %[t0], %[t1]\n\t"
      "mulxq 8(%[a]), %[lo], %[t2]\n\t"
      "adcxq %[lo], %[t1]\n\t"
      "mulxq 16(%[a]), %[lo], %[t3]\n\t"
      "adcxq %[lo], %[t2]\n\t"
      "mulxq 24(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %[t3]\n\t"
      "adcxq %%rax, %[hi]\n\t"
      ZKATTR_REDUCE ZKATTR_ROW("8") ZKATTR_REDUCE ZKATTR_ROW("16") ZKATTR_REDUCE ZKATTR_ROW("24") ZKATTR_REDUCE
      : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [hi] "=&r"(hi), [lo] "=&r"(lo)
      : [a] "r"(a.v), [b] "r"(b.v), [k] "r"(constants), "m"(a), "m"(b), "m"(constants)
      : "rax", "rdx", "cc");
#undef ZKATTR_ROW
#undef ZKATTR_REDUCE
  const uint64_t t[4] = {t0, t1, t2, t3};
  return reduceOnce<F>(t);
}
#else
/** a b / 2^256 mod p, word by word ("no-carry" CIOS: p < 2^254, so the fifth word never overflows). Source: Acar 1996. */
template <class F>
inline Element<F> mul(const Element<F>& a, const Element<F>& b) {
  using Wide = unsigned __int128;
  uint64_t t[4] = {0, 0, 0, 0};
  for (int i = 0; i < 4; i++) {
    Wide c = (Wide)a.v[0] * b.v[i] + t[0];
    const uint64_t m = (uint64_t)c * Constants<F>::NEGATIVE_INVERSE;
    Wide d = (Wide)m * F::P[0] + (uint64_t)c;
    for (int j = 1; j < 4; j++) {
      c = (Wide)a.v[j] * b.v[i] + t[j] + (uint64_t)(c >> 64);
      d = (Wide)m * F::P[j] + (uint64_t)c + (uint64_t)(d >> 64);
      t[j - 1] = (uint64_t)d;
    }
    t[3] = (uint64_t)(c >> 64) + (uint64_t)(d >> 64);
  }
  return reduceOnce<F>(t);
}
#endif

template <class F>
inline Element<F> square(const Element<F>& a) {
  return mul(a, a);
}

/** x 2^256 -> x: the canonical integer, in the same struct. */
template <class F>
inline Element<F> fromMontgomery(const Element<F>& a) {
  return mul(a, Element<F>{{1, 0, 0, 0}});
}
/** x -> x 2^256 mod p; x < p. */
template <class F>
inline Element<F> toMontgomery(const Element<F>& a) {
  return mul(a, Element<F>::of(Constants<F>::R2));
}

/** a^exponent, a in Montgomery form. */
template <class F>
inline Element<F> power(Element<F> a, uint64_t exponent) {
  Element<F> out = Element<F>::one();
  for (; exponent; exponent >>= 1, a = square(a))
    if (exponent & 1) out = mul(out, a);
  return out;
}

}  // namespace zkattr
