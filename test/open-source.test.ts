import { join } from 'node:path';
import t from 'tap';
import { openSource } from '../src/open-source.js';
import { FaultServer } from './remote/fault-server.js';
import { withoutClaims } from './support/claims.js';
import { Random } from './support/random.js';
import { Scratch } from './support/scratch.js';

const scratch = new Scratch(t);
const use = {
  verified: false,
  report: (problem: Error) => {
    throw problem;
  },
};

t.test('a URL without a word about the network', async (t) => {
  await t.rejects(openSource('https://somebody:hidden@example.net/image?token=hidden', undefined, use), {
    name: 'RemoteError',
    code: 'options',
    message: /^https:\/\/example\.net\/image is behind a network: give ImageSpec\.remote, /,
  });
});

t.test(
  'several that open a blob at once ask for its beginning once',
  { skip: withoutClaims() },
  async (t) => {
    const server = await FaultServer.start(t, new Random(1).bytes(300_000));
    const spec = {
      cacheDirectory: join(scratch.folder(), 'cache'),
      cacheSize: 2 ** 30,
      chunkSize: 65536,
      // longer than any test
      lazy: { grace: 2 ** 30, deadline: 2 ** 30 },
    };
    const open = () => openSource(server.url(), spec, use);
    const opened = await Promise.all([open(), open(), open(), open()]);
    for (const { source } of opened) {
      const bytes = new Uint8Array(65536);
      t.ok(source.readSync?.(bytes, 0), 'it is here');
      t.equal(Buffer.compare(bytes, server.blob.subarray(0, 65536)), 0);
      source.close();
    }
    t.same(server.ranges.sort(), ['bytes=0-0', 'bytes=0-0', 'bytes=0-0', 'bytes=0-65535']);
  },
);

t.test('who waits for another one asks itself when that one fails', async (t) => {
  const server = await FaultServer.start(t, new Random(1).bytes(300_000));
  server.faults.push(({ response }) => response.writeHead(404).end());
  const spec = {
    cacheDirectory: join(scratch.folder(), 'cache'),
    cacheSize: 2 ** 30,
    chunkSize: 65536,
    lazy: { grace: 2 ** 30, deadline: 2 ** 30 },
  };
  const open = () => openSource(server.url(), spec, use);
  const [first, second] = await Promise.allSettled([open(), open()]);
  t.match(first, { status: 'rejected', reason: { code: 'refused' } });
  if (second?.status !== 'fulfilled') return t.fail('the other one was opened');
  t.equal(second.value.source.size, 300_000);
  second.value.source.close();
});
