/** What time a server has. */
import { publicName } from './blob-url.js';
import { FetchFailure } from './fetch-failure.js';
import { exchange } from './http-exchange.js';
import { HTTP_LIMITS } from './http-options.js';
import { HttpTransport } from './http-transport.js';
import { fieldOf } from './response-fields.js';

/** Milliseconds: a person waits for the answer. */
const DEADLINE = 10_000;

/** Milliseconds since 1970 by the field Date (RFC 9110 §6.6.1), to the second. Rejects with FetchFailure. */
export async function serverTime(url: URL): Promise<number> {
  const limits = { ...HTTP_LIMITS, deadline: DEADLINE, openingTries: 1 };
  const transport = new HttpTransport({}, limits);
  try {
    const signal = new AbortController().signal;
    const { fields } = await exchange({ method: 'HEAD', url }, { transport, limits }, signal);
    const time = Date.parse(fieldOf(fields, 'date') ?? '');
    if (!Number.isNaN(time)) return time;
    throw new FetchFailure(
      'protocol',
      `${publicName(url)} does not say what time it has: a field Date was expected`,
    );
  } finally {
    await transport.close();
  }
}
