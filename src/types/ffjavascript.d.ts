/** The part of ffjavascript 0.3.1 that this project uses: the generator of the bn128 WebAssembly module. */
declare module 'ffjavascript' {
  /** wasmbuilder's code: a list of bytes. */
  export type Code = number[];
  /** wasmbuilder's assembler; only what src/curve/wasmLoops.ts emits. */
  export interface CodeBuilder {
    getLocal(name: string): Code;
    setLocal(name: string, value: Code): Code;
    i32_const(x: number): Code;
    i32_add(a: Code, b: Code): Code;
    i32_sub(a: Code, b: Code): Code;
    i32_and(a: Code, b: Code): Code;
    i32_eq(a: Code, b: Code): Code;
    i32_eqz(a: Code): Code;
    i32_load(address: Code, offset?: number, align?: number): Code;
    i64_const(x: number): Code;
    i64_add(a: Code, b: Code): Code;
    i64_sub(a: Code, b: Code): Code;
    i64_mul(a: Code, b: Code): Code;
    i64_shr_s(a: Code, b: Code): Code;
    i64_lt_s(a: Code, b: Code): Code;
    i64_load(address: Code, offset?: number, align?: number): Code;
    i64_load32_u(address: Code, offset?: number, align?: number): Code;
    i64_load8_s(address: Code, offset?: number, align?: number): Code;
    i64_load8_u(address: Code, offset?: number, align?: number): Code;
    i64_load16_s(address: Code, offset?: number, align?: number): Code;
    i64_store(address: Code, offset: number, align: number, value: Code): Code;
    i64_store32(address: Code, offset: number, align: number, value: Code): Code;
    call(name: string, ...args: Code[]): Code;
    if(condition: Code, then: Code, otherwise?: Code): Code;
    block(body: Code): Code;
    loop(...body: Code[]): Code;
    br(depth: number): Code;
    br_if(depth: number, condition: Code): Code;
    ret(value: Code): Code;
  }
  export interface FunctionBuilder {
    addParam(name: string, type: 'i32' | 'i64'): void;
    addLocal(name: string, type: 'i32' | 'i64'): void;
    getCodeBuilder(): CodeBuilder;
    addCode(...code: Code[]): void;
  }
  export interface ModuleBuilder {
    modules: Record<string, { pq: number }>;
    /** Reserves static memory; returns its address. */
    alloc(bytes: number): number;
    addFunction(name: string): FunctionBuilder;
    exportFunction(name: string): void;
  }
  export interface Bn128 {
    tm: { code: Uint8Array; initalPFree: number };
    terminate(): Promise<void>;
  }
  export function buildBn128(singleThread: boolean, plugins?: (builder: ModuleBuilder) => void): Promise<Bn128>;
}

/** The part of WebAssembly that src/curve uses: neither lib ES2023 nor @types/node 20 declares it. */
declare namespace WebAssembly {
  class Module {
    private constructor();
  }
  class Memory {
    constructor(descriptor: { initial: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>);
    readonly exports: Record<string, unknown>;
  }
  function compile(code: Uint8Array): Promise<Module>;
}
