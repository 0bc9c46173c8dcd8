/**
 * What this CPU and its operating system can run, for the choice of a kernel library: compiled without any instruction set
 * flag, loaded before those that need one. Own cpuid code: compilers' __builtin_cpu_supports knows too few names.
 */
#include <node_api.h>
#include <cstdint>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace {

struct Features {
  bool adx = false;
  bool ifma = false;
};

constexpr bool bit(uint32_t word, int index) { return (word >> index & 1) != 0; }

Features detect() {
  Features found;
#if defined(__x86_64__)
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const bool osxsave = bit(c, 27);
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  // Leaf 7, ebx: bmi2 8, avx512f 16, dq 17, adx 19, ifma 21, bw 30, vl 31; ecx: vbmi 1, vbmi2 6 (Intel SDM, volume 2, CPUID).
  found.adx = bit(b, 8) && bit(b, 19);
  const bool avx512 = bit(b, 16) && bit(b, 17) && bit(b, 21) && bit(b, 30) && bit(b, 31) && bit(c, 1) && bit(c, 6);
  // The system saves the wide registers: osxsave, then xcr0 with sse, avx, opmask and both upper halves of zmm.
  uint32_t low = 0, high = 0;
  if (osxsave) __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  found.ifma = found.adx && avx512 && (low & 0xe6) == 0xe6;
#endif
  return found;
}

void set(napi_env env, napi_value object, const char* name, bool value) {
  napi_value boolean;
  napi_get_boolean(env, value, &boolean);
  napi_set_named_property(env, object, name, boolean);
}

napi_value start(napi_env env, napi_value exports) {
  const Features features = detect();
  set(env, exports, "ifma", features.ifma);
  set(env, exports, "adx", features.adx);
  set(env, exports, "portable", true);
  return exports;
}

}  // namespace

NAPI_MODULE(zkattr_cpu, start)
