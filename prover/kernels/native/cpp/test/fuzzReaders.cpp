/**
 * Fuzz target over the readers of keys and witnesses: any bytes are parsed or refused with FormatError, nothing else.
 *   clang++ -fsanitize=fuzzer,address,undefined -DZKATTR_LIBFUZZER ...   libFuzzer
 *   otherwise a main of its own: fuzzReaders [iterations [seed [file...]]], seeded random mutations of the files given,
 *   or of small ones made here
 */
#include <fstream>
#include <iterator>
#include "readers.h"
#include "zkeyBytes.h"

using namespace zkattr;

static long parsed = 0;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const auto& read : {readZkey, readWtns}) {
    try {
      read({data, size});
      parsed++;
    } catch (const FormatError&) {
    }
  }
  return 0;
}

#ifndef ZKATTR_LIBFUZZER
/** A few edits: bytes, numbers at the edges of their range, pieces moved, removed, or repeated. */
static std::vector<uint8_t> mutate(std::vector<uint8_t> file, Random& random) {
  static constexpr uint64_t EDGES[] = {0, 1, 2, 10, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, ~uint64_t(0), ~uint64_t(0) - 11};
  for (uint64_t edits = 1 + random.below(3); edits > 0 && !file.empty(); edits--) {
    // Half of the edits hit the first bytes, where sizes and ids are.
    const size_t at = random.below(random.below(2) ? file.size() : std::min<size_t>(file.size(), 120));
    const size_t length = std::min<size_t>(file.size() - at, 1 + random.below(100));
    switch (random.below(6)) {
      case 0: file[at] ^= uint8_t(1 << random.below(8)); break;
      case 1: file[at] = uint8_t(random.below(256)); break;
      case 2: {
        const uint64_t value = EDGES[random.below(std::size(EDGES))];
        std::memcpy(&file[at], &value, std::min<size_t>(file.size() - at, random.below(2) ? 4 : 8));
        break;
      }
      case 3: file.resize(at); break;
      case 4: file.erase(file.begin() + long(at), file.begin() + long(at + length)); break;
      case 5: {
        const std::vector<uint8_t> piece(file.begin() + long(at), file.begin() + long(at + length));
        file.insert(file.begin() + long(random.below(file.size())), piece.begin(), piece.end());
        break;
      }
    }
  }
  return file;
}

int main(int count, char** arguments) {
  const long iterations = count > 1 ? std::atol(arguments[1]) : 20000;
  Random random(count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1);
  std::vector<std::vector<uint8_t>> seeds;
  for (int i = 3; i < count; i++) {
    std::ifstream in(arguments[i], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  if (seeds.empty()) seeds = {ToyKey(3, 1, 4, random).bytes(), ToyKey(2, 0, 1, random).bytes(), wtnsBytes(randomWitness(5, random))};
  for (const auto& seed : seeds) {
    const long before = parsed;
    LLVMFuzzerTestOneInput(seed.data(), seed.size());
    CHECK(parsed == before + 1, "a seed that is no valid file");
  }
  for (long i = 0; i < iterations; i++) {
    const std::vector<uint8_t> file = mutate(seeds[random.below(seeds.size())], random);
    LLVMFuzzerTestOneInput(file.data(), file.size());
  }
  std::printf("%ld of %ld mutated files parsed\n", parsed - (long)seeds.size(), iterations);
  return report("fuzzReaders");
}
#endif
