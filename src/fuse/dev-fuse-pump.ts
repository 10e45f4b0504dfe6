/**
 * The loop of one worker thread: read a request, dispatch it, write the reply; as many of them as there are pumps
 * share one descriptor of /dev/fuse.
 *
 * LAW: it ends with ENODEV, when the kernel has ended the mount, or after a request where it is retired. A worker that is blocked
 * in read(2) cannot be terminated: unmount first, then wait for it. It never waits for anything but requests: one whose bytes
 * are not here is handed over, and the next is read.
 */
import { readSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { ImageSpec, ProblemReport } from '../open.js';
import { counters } from '../statistics/counters.js';
import { readHeat } from '../statistics/read-heat.js';
import type { NodeId, ReadonlyTree } from '../tree/tree.js';
import { AbsentTree } from './absent-tree.js';
import { sendReply } from './dev-fuse-reply.js';
import { Dispatcher } from './dispatch.js';
import type { RequestReport } from './dispatch-exchange.js';
import { isSupportedVersion } from './dispatch-init.js';
import { Errno, errnoOf } from './errno.js';
import type { ImageOpener } from './image-opening.js';
import { PageStore, SMALL_FILE } from './page-store.js';
import { ProblemLog, type ProblemRecord } from './problem-log.js';
import {
  IN_HEADER_SIZE,
  INTERRUPT,
  LITTLE_ENDIAN,
  READ,
  REPLY_CAPACITY,
  REQUEST_CAPACITY,
} from './protocol.js';
import { PumpProgress } from './pump-progress.js';
import { countAnswer } from './request-counts.js';
import { type SharedMemory, SharedState } from './shared-state.js';

export interface PumpData {
  readonly spec: ImageSpec;
  readonly posixAcl: boolean;
  readonly shared: SharedMemory;
  /** the image's root, where requests that have to wait are handed over; undefined where none ever does */
  readonly waitingRoot: NodeId | undefined;
  /** see PumpProgress */
  readonly progress: SharedArrayBuffer;
}

/** To a pump that has opened its image; undefined in its place ends it. */
export interface PumpOrder {
  readonly descriptor: number;
  /** what an earlier process took and did not answer is answered with EIO, as it may be what ended that process */
  readonly refuseResent: boolean;
}

/** From a pump to the thread that started it. 'serves': it reads requests from now on; 'over': it ends because the mount has, or it is retired. */
export type PumpMessage =
  | { readonly kind: 'opened' }
  | { readonly kind: 'not-opened'; readonly message: string }
  | {
      readonly kind: 'initialised';
      readonly version: string;
      readonly supported: boolean;
      /** the kernel sends requests again that have no answer */
      readonly resends: boolean;
    }
  | { readonly kind: 'serves' }
  | { readonly kind: 'over' }
  | { readonly kind: 'problem'; readonly record: ProblemRecord; readonly message: string }
  | { readonly kind: 'waits'; readonly request: Uint8Array }
  | { readonly kind: 'interrupt'; readonly unique: bigint };

/** No request: interrupted before it was read, or by a signal. */
const READ_AGAIN: ReadonlySet<unknown> = new Set(['ENOENT', 'EINTR', 'EAGAIN']);

/** What a pump takes whatever it serves, in bytes: room for a request, for its answer, and for a page store's file. */
export const PUMP_BUFFERS = REQUEST_CAPACITY + REPLY_CAPACITY + SMALL_FILE;

/** Who serves the descriptor, and of what. */
interface Serving {
  readonly image: PumpImage;
  readonly dispatcher: Dispatcher;
  readonly pages: PageStore;
  readonly progress: PumpProgress;
}

function pump(
  { descriptor, refuseResent }: PumpOrder,
  { image, dispatcher, pages, progress }: Serving,
  port: MessagePort,
): void {
  const { exchange } = dispatcher;
  const { request, state } = exchange;
  const header = new Int32Array(request.buffer, 0, IN_HEADER_SIZE / 4);
  let announced = false;
  while (!progress.isRetired) {
    image.rest();
    if (exchange.mayWait) state.awaitRoom();
    let length: number;
    try {
      length = readSync(descriptor, request, 0, request.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENODEV') return;
      if (READ_AGAIN.has(code)) continue;
      throw error;
    }
    progress.begin(header);
    const { opcode } = exchange;
    const weight = counters.weightOf(opcode);
    const began = weight > 0 ? performance.now() : 0;
    const replyLength =
      refuseResent && exchange.isResent ? dispatcher.refuse(Errno.EIO) : dispatch(dispatcher, length, port);
    if (replyLength > 0) {
      // before anybody can know that it was answered
      countAnswer(exchange, replyLength);
      sendReply(descriptor, dispatcher, replyLength);
      if (weight > 0) counters.took(opcode, performance.now() - began, weight);
    } else if (exchange.mayWait) tellInterrupt(dispatcher, length, port);
    progress.end();
    if (replyLength > 0 && opcode === READ) {
      pages.afterRead(exchange.node, exchange.readOffset, replyLength);
    }
    if (!announced && exchange.kernelVersion !== undefined) {
      announced = true;
      const { major, minor, resends } = exchange.kernelVersion;
      tell(port, {
        kind: 'initialised',
        version: `${major}.${minor}`,
        supported: isSupportedVersion(major, minor),
        resends,
      });
    }
  }
}

/** Returns 0 where nothing is to be sent from here. */
function dispatch(dispatcher: Dispatcher, length: number, port: MessagePort): number {
  const { exchange } = dispatcher;
  try {
    return dispatcher.dispatch(length);
  } catch {
    // A Miss.
    if (!exchange.mayWait) {
      return dispatcher.fail(new Error('the bytes are not here, and nothing here fetches them'));
    }
    const request = exchange.request.slice(0, length);
    port.postMessage({ kind: 'waits', request } satisfies PumpMessage, [request.buffer]);
    return 0;
  }
}

/** fuse_interrupt_in is the number of a request: it may be one that was handed over. */
function tellInterrupt({ exchange: { input } }: Dispatcher, length: number, port: MessagePort): void {
  if (length < IN_HEADER_SIZE + 8 || input.getUint32(4, LITTLE_ENDIAN) !== INTERRUPT) return;
  tell(port, { kind: 'interrupt', unique: input.getBigUint64(IN_HEADER_SIZE, LITTLE_ENDIAN) });
}

function tell(port: MessagePort, message: PumpMessage): void {
  port.postMessage(message);
}

interface PumpImage {
  readonly tree: ReadonlyTree;
  rest(): void;
  close(): void;
}

/** Without what opening takes a pump has nothing to answer from, and hands everything over. */
async function openFor(
  { spec, waitingRoot }: PumpData,
  open: ImageOpener,
  report: ProblemReport,
): Promise<PumpImage> {
  // What is read is written down by the thread that waits, which so has to see every request.
  if (waitingRoot !== undefined && spec.remote?.prefetch?.recordFile !== undefined) return blind(waitingRoot);
  try {
    return await open(spec, report);
  } catch (error) {
    if (waitingRoot === undefined || (error as { code?: unknown }).code !== 'offline') throw error;
    report(error as Error);
    return blind(waitingRoot);
  }
}

const blind = (root: NodeId): PumpImage => ({ tree: new AbsentTree(root), rest() {}, close() {} });

/** The whole life of a pump, whose image `open` opens. Settles when it is ready to serve, or has said why it is not. */
export async function runPump(port: MessagePort, data: PumpData, open: ImageOpener): Promise<void> {
  const problems = new ProblemLog((record, message) => tell(port, { kind: 'problem', record, message }));
  const report: RequestReport = (operation, node, problem) =>
    problems.report({ operation, nid: node, errno: errnoOf(problem) }, problem);
  try {
    const opened = await openFor(data, open, (problem) => problems.report({ operation: 'open' }, problem));
    const mayWait = data.waitingRoot !== undefined;
    const state = new SharedState(data.shared);
    counters.join(data.shared.counted);
    readHeat.join(data.shared.heat);
    const dispatcher = new Dispatcher(opened.tree, { posixAcl: data.posixAcl, mayWait, state }, report);
    const progress = new PumpProgress(data.progress);
    port.once('message', (order: PumpOrder | undefined) => {
      try {
        if (order !== undefined) {
          const pages = new PageStore(order.descriptor, opened.tree, state);
          tell(port, { kind: 'serves' });
          pump(order, { image: opened, dispatcher, pages, progress }, port);
          tell(port, { kind: 'over' });
        }
      } finally {
        opened.close();
        port.close();
      }
    });
    tell(port, { kind: 'opened' });
  } catch (error) {
    tell(port, { kind: 'not-opened', message: error instanceof Error ? error.message : String(error) });
  }
}
