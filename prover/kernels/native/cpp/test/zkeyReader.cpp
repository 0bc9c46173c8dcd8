/** The readers of keys and witnesses: valid files, every truncation, every flipped byte, wrong tables; run it under -fsanitize=address,undefined. */
#include <cstdio>
#include <functional>
#include <system_error>
#include <unistd.h>
#include "../groth16/zkeyFile.h"
#include "readers.h"
#include "teamContext.h"
#include "zkeyBytes.h"

using namespace zkattr;
using namespace zkattr::groth16_detail;
using File = std::vector<uint8_t>;

/** The message, or "" when nothing is thrown; other exceptions end the test. */
static std::string refusal(const std::function<void()>& run) {
  try {
    run();
    return "";
  } catch (const FormatError& error) {
    return error.what();
  }
}
static std::string refuseZkey(const File& file) {
  // A copy of exactly that size, so that a sanitizer sees each byte beyond.
  const File exact(file);
  return refusal([&] { readZkey({exact.data(), exact.size()}); });
}
static std::string refuseWtns(const File& file) {
  const File exact(file);
  return refusal([&] { readWtns({exact.data(), exact.size()}); });
}

static void mutations(const char* name, const File& valid, std::string (*refuse)(const File&), size_t bytes) {
  CHECK(refuse(valid).empty(), "%s: valid file refused: %s", name, refuse(valid).c_str());
  for (size_t size = 0; size < valid.size(); size++) CHECK(!refuse(File(valid.begin(), valid.begin() + size)).empty(), "%s: cut at %zu", name, size);
  File longer = valid;
  longer.push_back(0);
  CHECK(!refuse(longer).empty(), "%s: one byte more", name);
  long accepted = 0;
  for (size_t at = 0; at < bytes; at++)
    for (const uint8_t flip : {0x01, 0x02, 0x10, 0x80, 0xff}) {
      File changed = valid;
      changed[at] ^= flip;
      accepted += refuse(changed).empty();
    }
  CHECK(accepted > 0, "%s: values may change", name);
}

static void zkeys() {
  Random random(3);
  const ToyKey key(5, 2, 8, random);
  const File valid = key.bytes();
  mutations("zkey", valid, refuseZkey, valid.size());

  const ZkeyView view = parseZkey({valid.data(), valid.size()});
  CHECK(view.variables == 5 && view.publics == 2 && view.domain == 8 && view.log == 3, "sizes");
  CHECK(view.coefficients.order.empty() && view.coefficients.starts.back() == key.entries.size(), "sorted entries need no index");

  // Structure: no flipped bit of container, protocol, primes or sizes goes unnoticed.
  size_t at = 12;
  const auto structural = [&](size_t from, size_t size) {
    for (size_t i = from; i < from + size; i++)
      for (int bit = 0; bit < 8; bit++) {
        File changed = valid;
        changed[i] ^= uint8_t(1 << bit);
        CHECK(!refuseZkey(changed).empty(), "byte %zu bit %d", i, bit);
      }
  };
  structural(0, 12);
  for (const Section& section : key.sections()) {
    structural(at, 12);
    if (section.id == 1) structural(at + 12, 4);
    if (section.id == 2) structural(at + 12, 84);
    if (section.id == 4) structural(at + 12, 4);
    at += 12 + section.bytes.size();
  }

  const auto with = [&](const std::function<void(std::vector<Section>&)>& change) {
    auto sections = key.sections();
    change(sections);
    return refuseZkey(containerBytes("zkey", 1, sections));
  };
  CHECK(with([](auto& s) { std::swap(s[0], s[9]); }).empty(), "any order of sections");
  CHECK(with([](auto& s) { s.pop_back(); }).find("number of sections") != std::string::npos, "a section missing");
  CHECK(with([](auto& s) { s[9] = s[0]; }) == "zkey section 1: appears again, expected each section once, got two", "a section twice");
  CHECK(with([](auto& s) { s[9].id = 11; }).find("unknown section") != std::string::npos, "section 11");
  for (size_t i = 0; i < 9; i++) CHECK(with([&](auto& s) { s[i].bytes.push_back(0); }).find("wrong size") != std::string::npos, "section %zu longer", i);
  const auto entry = [&](size_t offset, uint32_t value) {
    return with([&](auto& s) { std::memcpy(&s[2].bytes[4 + offset], &value, 4); });
  };
  CHECK(entry(0, 2) == "zkey section 4, entry 0: matrix, expected below 2, got 2", "matrix: %s", entry(0, 2).c_str());
  CHECK(entry(4, 8) == "zkey section 4, entry 0: constraint, expected below 8, got 8", "constraint");
  CHECK(entry(8, 5) == "zkey section 4, entry 0: signal, expected below 5, got 5", "signal");
  CHECK(with([](auto& s) { std::memcpy(&s[2].bytes[4 + 12], FrModulus::P.data(), 32); }).find("value, expected below the modulus") != std::string::npos, "value");

  // Entries in any order get an index that keeps the order within a constraint.
  ToyKey shuffled = key;
  std::shuffle(shuffled.entries.begin(), shuffled.entries.end(), random.engine);
  const File file = shuffled.bytes();
  CHECK(refuseZkey(file).empty() && !parseZkey({file.data(), file.size()}).coefficients.order.empty(), "shuffled entries");

  TeamContext context(2);
  CHECK(refusal([&] { checkPoints(context, ZkeyFile(Bytes{valid.data(), valid.size()})); }).empty(), "points on the curve");
  at = 12;
  for (const Section& section : key.sections()) {
    if (section.id >= 2 && section.id != 4 && section.id != 10) {
      File changed = valid;
      changed[at + 12 + section.bytes.size() - 40] ^= 4;
      CHECK(refusal([&] { checkPoints(context, ZkeyFile(Bytes{changed.data(), changed.size()})); }).find("section " + std::to_string(section.id)) != std::string::npos, "wrong point in section %u", section.id);
    }
    at += 12 + section.bytes.size();
  }
}

static void wtnsFiles() {
  Random random(4);
  auto values = randomWitness(6, random);
  const File valid = wtnsBytes(values);
  mutations("wtns", valid, refuseWtns, valid.size());
  CHECK(parseWtns({valid.data(), valid.size()}).count == 6, "count");
  values[3] = Fr::of(FrModulus::P);
  CHECK(refuseWtns(wtnsBytes(values)) == "wtns section 2: value 3, expected below the modulus, got a larger one", "value");
  values[3] = Fr::of(modulus_detail::subtract(FrModulus::P, {1, 0, 0, 0}));
  CHECK(refuseWtns(wtnsBytes(values)).empty(), "r - 1");
  values[0] = Fr{{2, 0, 0, 0}};
  CHECK(refuseWtns(wtnsBytes(values)) == "wtns section 2: value 0, expected 1, got another", "w_0");
  CHECK(!refuseWtns(wtnsBytes({})).empty(), "no values");
}

static void files() {
  const auto systemError = [](const char* path) {
    try {
      Zkey::open(path);
      return 0;
    } catch (const std::system_error& error) {
      return error.code().value();
    }
  };
  CHECK(systemError("/nowhere/at/all.zkey") == ENOENT, "no file");
  CHECK(systemError("/") == EISDIR, "a folder");
  char path[] = "/tmp/zkattr-test-XXXXXX";
  const int fd = mkstemp(path);
  CHECK(fd >= 0 && !refusal([&] { Zkey::open(path); }).empty(), "an empty file");
  Random random(5);
  const File valid = ToyKey(9, 0, 1, random).bytes();
  CHECK(write(fd, valid.data(), valid.size()) == (ssize_t)valid.size(), "write");
  const auto key = Zkey::open(path);
  close(fd);
  std::remove(path);
  CHECK(key->variables() == 9 && key->publics() == 0 && key->domain() == 1, "mapped");
  TeamContext context(1);
  checkPoints(context, *key);
}

int main() {
  zkeys();
  wtnsFiles();
  files();
  return report("zkeyReader");
}
