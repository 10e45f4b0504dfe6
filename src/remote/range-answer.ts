/** Reads 200, 206 and 416 to a request for one range: RFC 9110 §14.4, §15.3.7, §15.5.17. */
import { FetchFailure } from './fetch-failure.js';
import { fieldOf, type ResponseFields } from './response-fields.js';

/** The bytes from `start` to before `end` follow; `size` is that of the blob, undefined where the server does not say. */
export interface RangeAnswer {
  /** Range was ignored: all of the blob follows */
  readonly isWhole: boolean;
  readonly start: number;
  readonly end: number | undefined;
  readonly size: number | undefined;
}

const CONTENT_RANGE = /^bytes[ ]+(\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i;
const UNSATISFIED = /^bytes[ ]+\*\/(\d{1,16})$/i;

/** Throws FetchFailure 'protocol' for bytes that are not those of the blob as they are, in one piece. */
export function readRangeAnswer(status: number, fields: ResponseFields): RangeAnswer {
  const encoding = fieldOf(fields, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new FetchFailure(
      'protocol',
      `the server sends the blob encoded as ${encoding} although identity was asked for`,
    );
  }
  return status === 200 ? readWhole(fields) : readPart(fields);
}

function readWhole(fields: ResponseFields): RangeAnswer {
  const length = fieldOf(fields, 'content-length');
  const size = length !== undefined && /^\d{1,16}$/.test(length) ? Number(length) : undefined;
  return { isWhole: true, start: 0, end: size, size };
}

function readPart(fields: ResponseFields): RangeAnswer {
  const type = fieldOf(fields, 'content-type') ?? '';
  if (/^multipart\/byteranges/i.test(type)) {
    throw new FetchFailure('protocol', 'the server answered in several parts, one range was asked for');
  }
  const text = fieldOf(fields, 'content-range');
  const match = CONTENT_RANGE.exec(text ?? '');
  if (match === null) {
    throw new FetchFailure('protocol', `the server answered 206 with the Content-Range ${quote(text)}`);
  }
  const [start, last] = [Number(match[1]), Number(match[2])];
  const size = match[3] === '*' ? undefined : Number(match[3]);
  if (last < start || (size !== undefined && last >= size)) {
    throw new FetchFailure(
      'protocol',
      `the server answered with the impossible Content-Range ${quote(text)}`,
    );
  }
  return { isWhole: false, start, end: last + 1, size };
}

/** The size that a 416 states. */
export function readUnsatisfied(fields: ResponseFields): number | undefined {
  const match = UNSATISFIED.exec(fieldOf(fields, 'content-range') ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** Text of a foreign server in a message: short and printable. */
const quote = (text: string | undefined): string =>
  text === undefined ? '(none)' : JSON.stringify(text.slice(0, 80));
