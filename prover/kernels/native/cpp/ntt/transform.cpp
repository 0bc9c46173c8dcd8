#include "transform.h"
#include <atomic>
#include <stdexcept>
#include "small.h"

namespace zkattr {
using namespace ntt_detail;

namespace {

/** Below it, rows and columns are shorter than the eight that run together. */
constexpr unsigned SMALLEST_LOG = 6;

/** Vectors of one task, a thread each; written before they are read. */
struct Buffers {
  std::vector<std::unique_ptr<Vector[]>> perThread;
  Buffers(int threads, size_t vectors) {
    for (int i = 0; i < threads; i++) perThread.emplace_back(new Vector[vectors]);
  }
};

}  // namespace

struct Transform::Plan {
  unsigned log, columnLog, rowLog;
  Fr root, before, after, scale;
  /** Over r, 2^columnLog = R; over c, 2^rowLog = C. */
  std::optional<Twiddles> columns, rows;
  /** Factor of (c, k) in between: start[c] step[c]^k = scale before^c (after w^c)^k. */
  std::vector<Fr> start, step;
  /** after^(R l), where `after` is not 1. */
  std::vector<Twiddle> last;

  size_t R() const { return size_t(1) << columnLog; }
  size_t C() const { return size_t(1) << rowLog; }
  /**
   * Scratch is in tiles of 8 x 8 elements: tile (k / 8, c / 8), in it k mod 8, then c mod 8. Columns write, and rows read,
   * whole tiles of 2 KiB.
   */
  size_t tile(size_t k, size_t c) const { return 2048 * ((k / ROW) * (C() / ROW) + c / ROW); }

  void transformColumns(size_t c, const uint8_t* values, uint8_t* scratch, Vector* x) const;
  void transformRowGroup(size_t k, const uint8_t* scratch, uint8_t* values, Vector* x) const;
};

Transform::Transform(unsigned log, bool inverse, const std::optional<Fr>& shift, const Fr& scale) : plan_(new Plan{}) {
  if (log > TWO_ADICITY) throw std::invalid_argument("ntt: more than 2^28 elements");
  if (shift && shift->isZero()) throw std::invalid_argument("ntt: shift is 0");
  Plan& p = *plan_;
  p.log = log;
  p.root = inverse ? zkattr::inverse(rootOfUnity(log)) : rootOfUnity(log);
  p.before = shift && !inverse ? *shift : Fr::one();
  p.after = shift && inverse ? zkattr::inverse(*shift) : Fr::one();
  p.scale = inverse ? mul(scale, inverseOfSize(log)) : scale;
  if (log < SMALLEST_LOG) return;
  p.columnLog = log / 2;
  p.rowLog = log - p.columnLog;
  Fr columnRoot = p.root, rowRoot = p.root, columnShift = p.before, last = p.after;
  for (unsigned i = 0; i < p.rowLog; i++) columnRoot = square(columnRoot), columnShift = square(columnShift);
  for (unsigned i = 0; i < p.columnLog; i++) rowRoot = square(rowRoot), last = square(last);
  p.columns.emplace(p.columnLog, columnRoot, shift && !inverse ? &columnShift : nullptr);
  p.rows.emplace(p.rowLog, rowRoot, nullptr);
  p.start = powers(p.scale, p.before, p.C());
  p.step = powers(p.after, p.root, p.C());
  if (shift && inverse) p.last = twiddlesOf(powers(Fr::one(), last, p.C()));
}
Transform::~Transform() = default;
Transform::Transform(Transform&&) noexcept = default;

/** Columns c to c + 7. */
void Transform::Plan::transformColumns(size_t c, const uint8_t* values, uint8_t* scratch, Vector* x) const {
  constexpr size_t N = Vector::N;
  for (size_t r = 0; r < R(); r++)
    for (size_t w = 0; w < WIDTH; w++) x[r * WIDTH + w] = load<FrModulus>(values + 32 * (r * C() + c + w * N));
  transformRows(x, *columns);
  MontLanes<FrModulus> factor[WIDTH], ratio[WIDTH];
  for (size_t w = 0; w < WIDTH; w++) {
    factor[w] = canonical<16>(toMont(load<FrModulus>(&start[c + w * N])));
    ratio[w] = canonical<16>(toMont(load<FrModulus>(&step[c + w * N])));
  }
  for (size_t k = 0; k < R(); k++) {
    const Vector* row = x + columns->position(k) * WIDTH;
    uint8_t* to = scratch + tile(k, c) + 256 * (k % ROW);
    for (size_t w = 0; w < WIDTH; w++) {
      store<2>(mul(factor[w], settled(row[w])), to + 32 * w * N);  // 2 p x 32 p: below 2 p
      factor[w] = mul(factor[w], ratio[w]);               // below 2 p
    }
  }
}

/** Rows k to k + 7. */
void Transform::Plan::transformRowGroup(size_t k, const uint8_t* scratch, uint8_t* values, Vector* x) const {
  constexpr size_t N = Vector::N;
  for (size_t c = 0; c < C(); c++) {
    const uint8_t* from = scratch + tile(k, c) + 32 * (c % ROW);
    for (size_t w = 0; w < WIDTH; w++) {
      const uint8_t* at[N];
      for (size_t lane = 0; lane < N; lane++) at[lane] = from + 256 * (w * N + lane);
      x[c * WIDTH + w] = gather<FrModulus>(at);
    }
  }
  transformRows(x, *rows);
  for (size_t l = 0; l < C(); l++) {
    const Vector* row = x + rows->position(l) * WIDTH;
    for (size_t w = 0; w < WIDTH; w++) {
      uint8_t* to = values + 32 * (l * R() + k + w * N);
      const Vector value = settled(row[w]);
      if (last.empty()) {
        store<BOUND>(value, to);
      } else {
        store<2>(mul(last[l].lanes(), value), to);
      }
    }
  }
}

void Transform::run(Context& context, uint8_t* values, uint8_t* scratch) const {
  const Plan& p = *plan_;
  if (p.log < SMALLEST_LOG) return transformSmall(values, p.log, p.root, p.before, p.after, p.scale);
  const Buffers buffers(context.threads(), WIDTH << p.rowLog);
  const size_t columnTasks = p.C() / ROW, rowTasks = p.R() / ROW, total = columnTasks + rowTasks;
  std::atomic<size_t> done{0};
  context.parallelFor(columnTasks, [&](size_t task, int thread) {
    p.transformColumns(ROW * task, values, scratch, buffers.perThread[thread].get());
    context.progress(++done, total);
  });
  context.parallelFor(rowTasks, [&](size_t task, int thread) {
    p.transformRowGroup(ROW * task, scratch, values, buffers.perThread[thread].get());
    context.progress(++done, total);
  });
}

}  // namespace zkattr
