/**
 * How many requests run at once to each host. What somebody waits for goes before what is fetched in the background,
 * which never takes more than half of the places.
 */

/** Looked at whenever a request is chosen: what was fetched in the background may come to be waited for. */
export interface Priority {
  readonly background?: boolean;
}

interface Waiter {
  readonly priority: Priority;
  readonly admit: (release: () => void) => void;
}

interface Lane {
  running: number;
  background: number;
  readonly waiting: Set<Waiter>;
}

export class RequestQueue {
  readonly #limit: (origin: string) => number;
  readonly #lanes = new Map<string, Lane>();

  /** `limit` says how many requests a host takes at once. */
  constructor(limit: (origin: string) => number) {
    this.#limit = limit;
  }

  /** Resolves with what gives the place back, to be called once. Rejects with the signal's reason. */
  async acquire(origin: string, priority: Priority, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const lane = this.#lanes.get(origin) ?? { running: 0, background: 0, waiting: new Set() };
    this.#lanes.set(origin, lane);
    return new Promise((resolve, reject) => {
      const leave = () => {
        lane.waiting.delete(waiter);
        this.#admit(origin, lane);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        priority,
        admit: (release) => {
          signal.removeEventListener('abort', leave);
          resolve(release);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      lane.waiting.add(waiter);
      this.#admit(origin, lane);
    });
  }

  #admit(origin: string, lane: Lane): void {
    const limit = this.#limit(origin);
    while (lane.running < limit) {
      const waiter = next(lane, Math.max(1, Math.floor(limit / 2)));
      if (waiter === undefined) break;
      const inBackground = waiter.priority.background === true;
      lane.waiting.delete(waiter);
      lane.running += 1;
      if (inBackground) lane.background += 1;
      waiter.admit(() => {
        lane.running -= 1;
        if (inBackground) lane.background -= 1;
        this.#admit(origin, lane);
      });
    }
    if (lane.running + lane.waiting.size === 0) this.#lanes.delete(origin);
  }
}

/** The first that is waited for; else, where fewer than `most` run in the background, the first of these. */
function next(lane: Lane, most: number): Waiter | undefined {
  let later: Waiter | undefined;
  for (const waiter of lane.waiting) {
    if (waiter.priority.background !== true) return waiter;
    later ??= waiter;
  }
  return lane.background < most ? later : undefined;
}
