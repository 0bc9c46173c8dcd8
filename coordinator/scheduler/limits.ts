/** Token bucket: `burst` at once, then `perSecond`. */
export class TokenBucket {
  #level: number;
  #at: number;

  constructor(private readonly burst: number, private readonly perSecond: number, now: number) {
    this.#level = burst;
    this.#at = now;
  }

  take(now: number): boolean {
    this.#level = Math.min(this.burst, this.#level + (Math.max(0, now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}

/** Work of a given weight, up to a sum; what does not fit is turned away, never kept waiting. */
export class Gate {
  #used = 0;

  constructor(private readonly size: number) {}

  /** One piece of work alone always fits. @returns undefined when there is no room */
  async run<T>(weight: number, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#used > 0 && this.#used + weight > this.size) return undefined;
    this.#used += weight;
    try {
      return await work();
    } finally {
      this.#used -= weight;
    }
  }
}

/** Map that forgets what was not used for longest. */
export class Recent<K, V> {
  readonly #map = new Map<K, V>();

  constructor(private readonly size: number) {}

  get(key: K): V | undefined {
    const value = this.#map.get(key);
    if (value !== undefined) {
      this.#map.delete(key);
      this.#map.set(key, value);
    }
    return value;
  }

  set(key: K, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size > this.size) this.#map.delete(this.#map.keys().next().value as K);
  }

  delete(key: K): void { this.#map.delete(key); }
  get length(): number { return this.#map.size; }
}
