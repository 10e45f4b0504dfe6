/** What is not measured here, and why: named in every report, never left out in silence. */

export interface Absence {
  readonly what: string;
  readonly why: string;
}

export class Absences {
  readonly #all = new Map<string, Absence>();

  /** Once for each `what`. */
  note(what: string, why: string): void {
    if (!this.#all.has(what)) this.#all.set(what, { what, why });
  }

  get all(): readonly Absence[] {
    return [...this.#all.values()];
  }
}
