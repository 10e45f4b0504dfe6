/** Counting the answers to requests. */
import { Count, counters } from '../statistics/counters.js';
import type { Exchange } from './dispatch-exchange.js';
import { OUT_HEADER_SIZE, READ } from './protocol.js';

/** `length`: bytes of the reply. */
export function countAnswer({ opcode }: Exchange, length: number): void {
  counters.answered(opcode);
  if (opcode === READ) counters.add(Count.bytesRead, length - OUT_HEADER_SIZE);
}
