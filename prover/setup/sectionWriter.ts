/** iden3's binary container, written section by section: the inverse of src/commitment/ptau.ts' readSectionTable. */
export interface Section {
  id: number;
  parts: readonly Uint8Array[];
}

export function* sectionedFile(magic: string, version: number, sections: readonly Section[]): Generator<Uint8Array> {
  const head = new Uint8Array(12);
  head.set(new TextEncoder().encode(magic));
  const view = new DataView(head.buffer);
  view.setUint32(4, version, true);
  view.setUint32(8, sections.length, true);
  yield head;
  for (const { id, parts } of sections) {
    const entry = new Uint8Array(12);
    const entryView = new DataView(entry.buffer);
    entryView.setUint32(0, id, true);
    entryView.setBigUint64(4, BigInt(parts.reduce((sum, part) => sum + part.byteLength, 0)), true);
    yield entry;
    yield* parts;
  }
}

/** Little-endian u32 words. */
export const u32 = (...values: number[]): Uint8Array => {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((x, i) => new DataView(bytes.buffer).setUint32(4 * i, x, true));
  return bytes;
};
