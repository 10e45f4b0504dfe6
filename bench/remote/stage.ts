/** What tests get from their runner, for a measurement: a place to say what is to be undone at the end. */

/** As the supports of the tests want it. */
export class Stage {
  readonly #works: (() => unknown)[] = [];

  readonly teardown = (work: () => unknown): void => {
    this.#works.push(work);
  };

  /** A measurement has no limit. */
  readonly setTimeout = (_: number): void => {};

  /** Undoes everything, the last first. */
  async end(): Promise<void> {
    for (const work of this.#works.splice(0).reverse()) await work();
  }
}
