/** Reads the .dat file of a circuit; its format is told in circuit.h. */
#include "circuit.h"

namespace {
struct Reader {
  const u8 *at, *end;

  template <class T> const T *take(size_t count) {
    if (count > (size_t)(end - at) / sizeof(T)) leave(UNFIT_FILES);
    const T *found = reinterpret_cast<const T *>(at);
    at += count * sizeof(T);
    return found;
  }

  IOFieldDefPair fields() {
    const u32 count = *take<u32>(1);
    if (count > (size_t)(end - at) / sizeof(u32)) leave(UNFIT_FILES);
    auto *defs = new IOFieldDef[count];
    for (u32 i = 0; i < count; i++) {
      const u32 offset = *take<u32>(1), n = *take<u32>(1);
      const u32 *lengths = take<u32>(n), size = *take<u32>(1), bus = *take<u32>(1);
      defs[i] = {offset, n, lengths, size, bus};
    }
    return {count, defs};
  }
};
} // namespace

void loadCircuit(Circom_CalcWit &ctx, const u8 *data, size_t size) {
  Reader reader{data, data + size};
  ctx.inputs = reader.take<InputSignal>(get_size_of_input_hashmap());
  ctx.witness = reader.take<u64>(get_size_of_witness());
  // Emitted code holds constants by pointers to what it does not change.
  ctx.circuitConstants = const_cast<FrElement *>(reader.take<FrElement>(get_size_of_constants()));
  for (u32 i = 0; i < get_size_of_constants(); i++)
    if (!isShort(ctx.circuitConstants[i]) && atLeast(ctx.circuitConstants[i].longVal, MODULUS)) leave(UNFIT_FILES);
  if (get_size_of_io_map() > 0) {
    const u32 *templates = reader.take<u32>(get_size_of_io_map());
    for (u32 i = 0; i < get_size_of_io_map(); i++) {
      if (templates[i] >= 1u << 24) leave(UNFIT_FILES);
      if (templates[i] >= ctx.templateInsId2IOSignalInfo.size()) ctx.templateInsId2IOSignalInfo.resize(templates[i] + 1);
      ctx.templateInsId2IOSignalInfo[templates[i]] = reader.fields();
    }
    for (u32 i = 0; i < get_size_of_bus_field_map(); i++) ctx.busInsId2FieldInfo.push_back(reader.fields());
  }
  for (u32 i = 0; i < get_size_of_witness(); i++)
    if (ctx.witness[i] >= get_total_signal_no()) leave(UNFIT_FILES);
}
