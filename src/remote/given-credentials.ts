/** Credentials that the user gave, as an Authority: files of them are read again when the server no longer accepts what they had. */
import type { Authority } from './authority.js';

type Fields = Readonly<Record<string, string>>;

export class GivenCredentials implements Authority {
  readonly #read: () => Fields;
  #fields: Fields;

  /** Throws as `read` does. */
  constructor(read: () => Fields) {
    this.#read = read;
    this.#fields = read();
  }

  async fields(): Promise<Fields> {
    return this.#fields;
  }

  async refused(sent: Fields): Promise<boolean> {
    this.#fields = this.#read();
    return JSON.stringify(this.#fields) !== JSON.stringify(sent);
  }
}
