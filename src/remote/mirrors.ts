/** The URLs of one blob: which is asked next, and which is asked no more. The first is the user's own. */
import type { BlobRange } from '../cache/source.js';
import type { HttpEndpoint } from './http-endpoint.js';
import type { HttpNotice } from './http-options.js';
import { Provenance } from './provenance.js';

/** A second request for a slow range: one each so many fetches, so that a slow line is not made slower. */
const FETCHES_PER_HEDGE = 10;

export class Mirrors {
  readonly #endpoints: readonly HttpEndpoint[];
  readonly #report: (notice: HttpNotice) => void;
  readonly #provenance = new Provenance<HttpEndpoint>();
  #fetches = 0;
  #hedges = 0;

  constructor(endpoints: readonly HttpEndpoint[], report: (notice: HttpNotice) => void) {
    this.#endpoints = endpoints;
    this.#report = report;
  }

  /**
   * Whom to ask for the range: the first that is not excluded, rests not, and gave no wrong bytes of it. Where all of
   * these rest or did, the first that is not excluded; undefined where there is none.
   */
  next(range: BlobRange, excluded: ReadonlySet<HttpEndpoint>): HttpEndpoint | undefined {
    const open = this.#endpoints.filter(
      (endpoint) => endpoint.leftBecause === undefined && !excluded.has(endpoint),
    );
    if (open.length <= 1) return open[0];
    const innocent = open.filter((endpoint) => !this.#provenance.isBlamed(endpoint, range));
    return innocent.find(({ breaker }) => breaker.admits()) ?? innocent[0] ?? open[0];
  }

  get first(): HttpEndpoint {
    return this.#endpoints[0]!;
  }

  /** undefined where none has this public name. */
  named(name: string | undefined): HttpEndpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.name === name);
  }

  hasMoreThan(excluded: ReadonlySet<HttpEndpoint>): boolean {
    return this.#endpoints.some((endpoint) => endpoint.leftBecause === undefined && !excluded.has(endpoint));
  }

  /** Why each URL is asked no more: for the message when none is left. */
  get reasons(): string {
    const left = this.#endpoints.filter(({ leftBecause }) => leftBecause !== undefined);
    return left.map(({ name, leftBecause }) => `${name}: ${leftBecause}`).join('; ');
  }

  leave(endpoint: HttpEndpoint, reason: string): void {
    if (endpoint.leftBecause !== undefined) return;
    endpoint.leftBecause = reason;
    this.#report({
      code: 'mirror-left',
      message: `the mirror ${endpoint.name} is not asked any more: ${reason}`,
    });
  }

  delivered(endpoint: HttpEndpoint, at: number, length: number): void {
    if (this.#endpoints.length > 1) this.#provenance.deliver(endpoint, at, length);
  }

  blame(range: BlobRange): void {
    for (const endpoint of this.#provenance.blame(range)) endpoint.breaker.failed();
  }

  countFetch(): void {
    this.#fetches += 1;
  }

  /** Whether a slow range may be asked for a second time now; counts it. */
  allowsHedge(): boolean {
    if (this.#hedges * FETCHES_PER_HEDGE >= this.#fetches) return false;
    this.#hedges += 1;
    return true;
  }
}
