/**
 * Sockets whose reads go to one piece of memory, again and again, in the place of a new one each: V8 marks its whole heap for every
 * 32 MiB that sockets allocate, eleven times in 300 MB, which took a third of the time of a long stream.
 *
 * And bodies whose length is known go around undici, to memory of who wants them: it copies every piece to its parser's memory, and V8
 * compiles that parser for 160 ms once it has seen some megabytes. Afterwards undici is given as many bytes as there were, of
 * whatever value, for it counts them and nothing else.
 *
 * LAW: what such a socket's read() gives is lent until the next turn, which only who uses it up at once can stand. Of what undici
 * gets it keeps the fields alone until their end has come: so a read that may end within them is not lent but given. No byte behind
 * a body's end is read into its memory.
 */
import type { OnReadOpts, Socket } from 'node:net';

/** Who takes a body that goes around undici. */
export interface Body {
  /** Memory for the next bytes, no more than `shared` has: it, a part of it, or memory of its own. Written to until the next call or left(). */
  room(shared: Uint8Array): Uint8Array;
  /** What has come, at the start of what room() gave. */
  data(bytes: Uint8Array): void;
  /** Nothing more is written to what room() gave. */
  left(): void;
}

/** Bytes of one read at most, by whichever socket: they take turns. */
const READ_SIZE = 256 * 1024;
/** Of what undici parses, so that not much of a body comes with its fields. */
const PARSED_SIZE = 64 * 1024;
/** Bytes: fields stand at the start of a read, and undici refuses more than 16 KiB of them. */
const LENT = 32 * 1024;

const shared = new Uint8Array(READ_SIZE);
const parsed = shared.subarray(0, PARSED_SIZE);

/** Where a body has fewer bytes left than this, undici may have them as well. */
const LEAST_DIVERTED = PARSED_SIZE;

/** The one whose bytes undici is looking at. */
let current: SocketReads | undefined;

/** The reads of one socket. */
export class SocketReads {
  /** for net.connect(); to be followed by adopt() before anybody reads */
  readonly onread: OnReadOpts = {
    buffer: () => this.#room(),
    callback: (count, memory) => this.#hand(count, memory),
  };
  #socket!: Socket;
  /** what has come and was not taken yet */
  #waiting: Uint8Array | undefined;
  #body: Body | undefined;
  /** bytes of the body that have not come */
  #missing = 0;
  #diverted = 0;
  /** bytes that undici has to be given for those that went around it */
  #owed = 0;
  #isPaying = false;

  /** To be called while undici reports the fields of an answer: its `length` bytes are the body's. undefined where that cannot be. */
  static divert(body: Body, length: number): SocketReads | undefined {
    if (current === undefined) return undefined;
    current.#body = body;
    current.#missing = length;
    return current;
  }

  /** Whether what undici reports are `count` bytes of the body; false where it was only given as many. */
  isFirstOfBody(count: number): boolean {
    if (this.#isPaying) return false;
    this.#missing -= count;
    return true;
  }

  /** From now on read() of the socket gives what came by `onread`. */
  adopt(socket: Socket): void {
    this.#socket = socket;
    const read = socket.read;
    socket.read = (size?: number) => {
      // what was put back comes first; and this makes a socket that has stopped go on
      const earlier = read.call(socket, size);
      if (earlier !== null) return earlier;
      if (this.#owed > 0) return this.#pay();
      const bytes = this.#waiting ?? null;
      this.#waiting = undefined;
      return bytes;
    };
    socket.once('close', () => this.#leave());
  }

  #room(): Uint8Array {
    if (this.#body === undefined || this.#socket.destroyed) return parsed;
    return this.#body.room(this.#missing < READ_SIZE ? shared.subarray(0, this.#missing) : shared);
  }

  #hand(count: number, memory: Uint8Array): boolean {
    if (this.#body !== undefined) return this.#take(this.#body, count, memory);
    this.#waiting = count < LENT ? memory.slice(0, count) : memory.subarray(0, count);
    current = this;
    try {
      this.#socket.emit('readable');
    } finally {
      current = undefined;
    }
    if (this.#missing < LEAST_DIVERTED) this.#body = undefined;
    this.#diverted = this.#missing;
    if (this.#waiting === undefined) return true;
    // nobody took it: the socket reads on when somebody does
    this.#waiting = this.#waiting.slice();
    return false;
  }

  #take(body: Body, count: number, memory: Uint8Array): boolean {
    this.#missing -= count;
    body.data(count === memory.length ? memory : memory.subarray(0, count));
    if (this.#missing > 0 || this.#socket.destroyed) return true;
    this.#leave();
    this.#owed = this.#diverted;
    this.#isPaying = true;
    try {
      this.#socket.emit('readable');
    } finally {
      this.#isPaying = false;
    }
    return true;
  }

  #pay(): Uint8Array {
    const count = Math.min(this.#owed, READ_SIZE);
    this.#owed -= count;
    return shared.subarray(0, count);
  }

  #leave(): void {
    this.#body?.left();
    this.#body = undefined;
  }
}
