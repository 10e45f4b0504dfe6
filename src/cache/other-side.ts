/** The way to the other side of one blob: open, or opened when it is needed, and let go when it is not any more. */
import { type RemoteBlob, RemoteError } from '../remote/remote-blob.js';
import type { SharedBlob } from './shared-blob.js';

export interface LazyBlob {
  /** as RemoteBlob says: what was opened before must be the same one */
  readonly id: string;
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** of another source of it in this process */
  readonly shared?: SharedBlob | undefined;
}

/** How it is opened. */
export interface Connection {
  /** where it is open already */
  readonly blob?: RemoteBlob | undefined;
  /** Opens it again after everything had been here, or for the first time. */
  connect?(): Promise<RemoteBlob>;
}

export class OtherSide {
  readonly #blob: LazyBlob;
  readonly #connection: Connection | undefined;
  #remote: RemoteBlob | undefined;
  #connecting: Promise<RemoteBlob> | undefined;
  #isClosed = false;

  /** Takes over what is open. `connection` undefined: the network may not be used. */
  constructor(blob: LazyBlob, connection: Connection | undefined) {
    this.#blob = blob;
    this.#connection = connection;
    this.#remote = connection?.blob;
  }

  get mayBeAsked(): boolean {
    return !this.#isClosed && this.#connection !== undefined;
  }

  /** undefined where it is not open. */
  get remote(): RemoteBlob | undefined {
    return this.#remote;
  }

  /** Rejects with RemoteError: 'offline' where it may not be asked, 'stale' where it is another blob by now. */
  connect(): Promise<RemoteBlob> {
    if (this.#remote !== undefined) return Promise.resolve(this.#remote);
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Makes the way ready before somebody waits for it; what fails, fails again then. */
  approach(): void {
    this.connect().then(
      (remote) => remote.approach?.(),
      () => {},
    );
  }

  letGo(): void {
    // its end is nobody's concern any more
    this.#remote?.close().catch(() => {});
    this.#remote = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.letGo();
  }

  offline(): RemoteError {
    return new RemoteError(
      'offline',
      `${this.#blob.name}: the bytes are not in the cache, and the network may not be used; mount it once without --offline, or pull it`,
    );
  }

  async #open(): Promise<RemoteBlob> {
    const { id, name, size } = this.#blob;
    if (this.#connection?.connect === undefined) throw this.offline();
    const remote = await this.#connection.connect();
    if (this.#isClosed || remote.id !== id || remote.size !== size) {
      await remote.close();
      if (this.#isClosed) throw new RemoteError('unreachable', `${name} was closed`);
      throw new RemoteError(
        'stale',
        `${name} is another blob than before: ${remote.id} of ${remote.size} bytes, it was ${id} of ${size}; mount it anew`,
      );
    }
    this.#remote = remote;
    return remote;
  }
}
