/**
 * The loop of one worker thread: read a request, dispatch it, write the reply; as many of them as there are pumps
 * share one descriptor of /dev/fuse.
 *
 * LAW: it ends with ENODEV, when the kernel has ended the mount, and by nothing else. A worker that is blocked in
 * read(2) cannot be terminated: unmount first, then wait for it.
 */
import { readSync, writeSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type ImageSpec, openImage } from '../open.js';
import { Dispatcher } from './dispatch.js';
import type { RequestReport } from './dispatch-exchange.js';
import { isSupportedVersion } from './dispatch-init.js';
import { Errno, errnoOf } from './errno.js';
import { ProblemLog, type ProblemRecord } from './problem-log.js';

export interface PumpData {
  readonly spec: ImageSpec;
  readonly posixAcl: boolean;
}

/** From a pump to the thread that started it. A number from there to the pump is the descriptor to serve. */
export type PumpMessage =
  | { readonly kind: 'opened' }
  | { readonly kind: 'not-opened'; readonly message: string }
  | { readonly kind: 'initialised'; readonly version: string; readonly supported: boolean }
  | { readonly kind: 'problem'; readonly record: ProblemRecord; readonly message: string };

/** No request: interrupted before it was read, or by a signal. */
const READ_AGAIN: ReadonlySet<unknown> = new Set(['ENOENT', 'EINTR', 'EAGAIN']);
/** Nobody waits for the reply any more. */
const REPLY_UNWANTED: ReadonlySet<unknown> = new Set(['ENOENT', 'ENODEV']);

function pump(descriptor: number, dispatcher: Dispatcher, port: MessagePort): void {
  const { exchange } = dispatcher;
  const { request } = exchange;
  let announced = false;
  for (;;) {
    let length: number;
    try {
      length = readSync(descriptor, request, 0, request.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENODEV') return;
      if (READ_AGAIN.has(code)) continue;
      throw error;
    }
    const replyLength = dispatch(dispatcher, length);
    if (replyLength > 0) send(descriptor, dispatcher, replyLength);
    if (!announced && exchange.kernelVersion !== undefined) {
      announced = true;
      const { major, minor } = exchange.kernelVersion;
      tell(port, {
        kind: 'initialised',
        version: `${major}.${minor}`,
        supported: isSupportedVersion(major, minor),
      });
    }
  }
}

function dispatch(dispatcher: Dispatcher, length: number): number {
  try {
    return dispatcher.dispatch(length);
  } catch {
    // A Miss, which no local image throws.
    const { exchange } = dispatcher;
    exchange.report(
      'dispatch',
      exchange.node,
      new Error('the bytes are not here, and nothing here fetches them'),
    );
    return dispatcher.refuse(Errno.EIO);
  }
}

function send(descriptor: number, dispatcher: Dispatcher, length: number): void {
  const { exchange } = dispatcher;
  try {
    writeSync(descriptor, exchange.reply, 0, length);
  } catch (error) {
    if (REPLY_UNWANTED.has((error as NodeJS.ErrnoException).code)) return;
    // The kernel found the reply wrong. It may still wait for one.
    exchange.report('reply', exchange.node, error as Error);
    const refusal = dispatcher.refuse(Errno.EIO);
    try {
      writeSync(descriptor, exchange.reply, 0, refusal);
    } catch {
      // It does not wait: an errno alone is never wrong.
    }
  }
}

function tell(port: MessagePort, message: PumpMessage): void {
  port.postMessage(message);
}

async function run(port: MessagePort, { spec, posixAcl }: PumpData): Promise<void> {
  const problems = new ProblemLog((record, message) => tell(port, { kind: 'problem', record, message }));
  const report: RequestReport = (operation, node, problem) =>
    problems.report({ operation, nid: node, errno: errnoOf(problem) }, problem);
  try {
    const opened = await openImage(spec, (problem) => problems.report({ operation: 'open' }, problem));
    const dispatcher = new Dispatcher(opened.tree, posixAcl, report);
    port.once('message', (descriptor: number | undefined) => {
      try {
        if (descriptor !== undefined) pump(descriptor, dispatcher, port);
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

if (parentPort !== null) await run(parentPort, workerData as PumpData);
