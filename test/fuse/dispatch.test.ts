import { constants } from 'node:os';
import t from 'tap';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { OPCODES, REQUEST_CAPACITY } from '../../src/fuse/protocol.js';
import { FuseClient, opcodeOf, record } from './fuse-client.js';
import { MemoryTree } from './memory-tree.js';

const { EINVAL, EIO, EISDIR, ENODATA, ENOSYS, ENOTDIR, ENOTTY, ENXIO, ERANGE, EROFS, ESTALE, ENAMETOOLONG } =
  constants.errno;
const EUCLEAN = 117;
const FOREVER = 0xffff_ffff_ffff_ffffn;

const ROOT = 36;
const FILE = 40;
const LINK = 41;
const DAMAGED = 42;
const MISSING_BYTES = 43;
const DEVICE = 44;
const CONTENT = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251));
const MISS = { miss: true, ranges: [] };

function tree(): MemoryTree {
  return new MemoryTree(ROOT, [
    [
      ROOT,
      {
        entries: new Map([
          ['file', FILE],
          ['\xff\xfe', LINK],
          ['damaged', DAMAGED],
          ['missing', MISSING_BYTES],
          ['device', DEVICE],
        ]),
      },
    ],
    [
      FILE,
      {
        content: CONTENT,
        attr: {
          ino: 2 ** 40 + 5,
          uid: 0xffff_fffe,
          gid: 0x8000_0001,
          nlink: 3,
          blocks: 24,
          blockSize: 65_536,
          mtimeSeconds: -86_400,
          mtimeNanoseconds: 123_456_789,
        },
        xattrs: {
          'user.a': Buffer.from('value'),
          'trusted.b': Buffer.alloc(0),
          'security.c': Buffer.from([0, 255]),
        },
      },
    ],
    [LINK, { target: 'to/\xff', attr: { mtimeSeconds: 2 ** 33 } }],
    [DAMAGED, { damage: new ErofsError('corrupt', 'it is broken', { nid: DAMAGED, offset: 0x1000 }) }],
    [MISSING_BYTES, { damage: MISS }],
    [DEVICE, { attr: { mode: 0o060600, major: 0xabc, minor: 0xdef12 } }],
  ]);
}

const id = (node: number) => BigInt(node + 2);

t.test('LOOKUP', async (t) => {
  const client = new FuseClient(tree());
  const reply = client.ask('LOOKUP', 1n, record('file\0'));
  t.equal(reply.error, 0);
  t.equal(
    reply.bytes.toString('hex'),
    record(
      ...[id(FILE), 0n, FOREVER, FOREVER, 0n],
      ...[2n ** 40n + 5n, 10_000n, 24n],
      ...[2n ** 64n - 86_400n, 2n ** 64n - 86_400n, 2n ** 64n - 86_400n],
      ...[123_456_789, 123_456_789, 123_456_789],
      ...[0o100644, 3, 0xffff_fffe, 0x8000_0001, 0, 65_536, 0],
    ).toString('hex'),
  );

  await t.test('a name that is no UTF-8', async (t) => {
    const found = client.ask('LOOKUP', 1n, record('\xff\xfe\0'));
    t.equal(found.payload.getBigUint64(0, true), id(LINK));
    t.equal(found.payload.getBigUint64(40 + 32, true), 2n ** 33n, 'a time after 2106');
  });
  await t.test('the node of a handle', async (t) => {
    t.equal(client.ask('LOOKUP', id(FILE), record('.\0')).payload.getBigUint64(0, true), id(FILE));
    t.equal(client.ask('LOOKUP', 1n, record('.\0')).payload.getBigUint64(0, true), 1n);
    t.equal(client.ask('LOOKUP', id(999), record('.\0')).error, -ESTALE);
  });
  await t.test('an absent name is remembered', async (t) => {
    const absent = client.ask('LOOKUP', 1n, record('absent\0'));
    t.equal(absent.error, 0);
    t.equal(absent.bytes.toString('hex'), record(0n, 0n, FOREVER).toString('hex').padEnd(256, '0'));
  });
  await t.test('refusals', async (t) => {
    t.equal(client.ask('LOOKUP', id(FILE), record('x\0')).error, -ENOTDIR);
    t.equal(client.ask('LOOKUP', 1n, record('no NUL')).error, -EINVAL);
    t.equal(client.ask('LOOKUP', 1n, record(`${'x'.repeat(256)}\0`)).error, -ENAMETOOLONG);
    t.equal(client.ask('LOOKUP', 1n, record(`${'x'.repeat(255)}\0`)).error, 0);
    t.equal(client.ask('LOOKUP', 0n, record('file\0')).error, -ESTALE);
    t.equal(client.ask('LOOKUP', FOREVER, record('file\0')).error, -ESTALE);
  });
});

t.test('GETATTR', async (t) => {
  const client = new FuseClient(tree());
  const reply = client.ask('GETATTR', id(DEVICE), record(0, 0, 0n));
  t.equal(reply.bytes.length, 104);
  t.equal(reply.payload.getBigUint64(0, true), FOREVER);
  t.equal(reply.payload.getUint32(16 + 60, true), 0o060600);
  t.equal(reply.payload.getUint32(16 + 76, true), 0xdefabc12, 'minor around major');
  t.equal(client.ask('GETATTR', 1n, record(0, 0, 0n)).payload.getBigUint64(16, true), BigInt(ROOT));
});

t.test('READLINK', async (t) => {
  const client = new FuseClient(tree());
  t.equal(client.ask('READLINK', id(LINK)).bytes.toString('latin1'), 'to/\xff');
  t.equal(client.ask('READLINK', id(FILE)).error, -EINVAL);
});

t.test('READ', async (t) => {
  const client = new FuseClient(tree());
  const read = (node: number, offset: bigint, size: number) =>
    client.ask('READ', id(node), record(0n, offset, size, 0, 0n, 0, 0));
  for (const [offset, size] of [
    [0, 4096],
    [0, 1 << 20],
    [1, 3],
    [8192, 4096],
    [9999, 1],
    [10_000, 4096],
    [20_000, 4096],
    [5, 0],
  ] as const) {
    const { error, bytes } = read(FILE, BigInt(offset), size);
    t.equal(error, 0);
    t.ok(bytes.equals(CONTENT.subarray(offset, offset + size)), `${size} bytes from ${offset}`);
  }
  t.equal(read(FILE, 2n ** 63n, 4096).bytes.length, 0);
  t.equal(read(FILE, 0n, (1 << 20) + 1).error, -EINVAL, 'more than was negotiated');
  t.equal(read(ROOT, 0n, 4096).error, -EISDIR);
});

t.test('LSEEK', async (t) => {
  const client = new FuseClient(tree());
  const seek = (offset: bigint, whence: number) =>
    client.ask('LSEEK', id(FILE), record(0n, offset, whence, 0));
  t.equal(seek(7n, 3).payload.getBigUint64(0, true), 7n);
  t.equal(seek(7n, 4).payload.getBigUint64(0, true), 5000n);
  t.equal(seek(6000n, 3).error, -ENXIO);
  t.equal(seek(2n ** 62n, 4).error, -ENXIO);
  t.equal(seek(0n, 0).error, -EINVAL);
});

t.test('GETXATTR', async (t) => {
  const client = new FuseClient(tree());
  const get = (name: string, size: number) => client.ask('GETXATTR', id(FILE), record(size, 0, name));
  t.equal(get('user.a\0', 100).bytes.toString(), 'value');
  t.equal(get('user.a\0', 5).bytes.toString(), 'value');
  t.equal(get('user.a\0', 4).error, -ERANGE);
  t.equal(get('user.a\0', 0).bytes.toString('hex'), record(5, 0).toString('hex'));
  t.equal(get('trusted.b\0', 10).bytes.length, 0);
  t.equal(get('security.c\0', 10).bytes.toString('hex'), '00ff');
  t.equal(get('user.none\0', 10).error, -ENODATA);
  t.equal(get('user.a', 100).error, -EINVAL);
});

t.test('LISTXATTR', async (t) => {
  const client = new FuseClient(tree());
  const list = (size: number) => client.ask('LISTXATTR', id(FILE), record(size, 0));
  const all = 'user.a\0trusted.b\0security.c\0';
  t.equal(list(1000).bytes.toString(), all);
  t.equal(list(all.length).bytes.toString(), all);
  t.equal(list(all.length - 1).error, -ERANGE);
  t.equal(list(0).payload.getUint32(0, true), all.length);
  t.equal(client.ask('LISTXATTR', 1n, record(1000, 0)).bytes.length, 0);
  client.uid = 1000;
  t.equal(list(1000).bytes.toString(), 'user.a\0security.c\0');
  t.equal(list(0).payload.getUint32(0, true), 'user.a\0security.c\0'.length);
});

t.test('STATFS', async (t) => {
  const client = new FuseClient(tree());
  t.equal(
    client.ask('STATFS', 1n).bytes.toString('hex'),
    record(1234n, 0n, 0n, FOREVER, FOREVER - 56n, 4096, 255, 4096, 0, 0, 0, 0, 0, 0, 0).toString('hex'),
  );
});

t.test('what the kernel is left to do itself, and what nobody may', async (t) => {
  const client = new FuseClient(tree());
  t.equal(client.ask('OPEN', id(FILE), record(0, 0)).error, -ENOSYS);
  t.equal(client.ask('OPEN', id(FILE), record(0x8001, 0)).error, -EROFS);
  t.equal(client.ask('OPEN', id(FILE), record(2, 0)).error, -EROFS);
  t.equal(client.ask('IOCTL', id(FILE), record(0n, 0, 0, 0n, 0, 0)).error, -ENOTTY);
  t.equal(client.ask('RELEASE', id(FILE), record(0n, 0, 0, 0n)).error, 0);
  t.equal(client.ask('DESTROY', 0n).error, 0);
  t.equal(client.ask(4000, 1n).error, -ENOSYS, 'an opcode from the future');
  for (const [opcode, row] of OPCODES.entries()) {
    if (row === undefined) continue;
    const body = Buffer.alloc(row.inSize + 8, 'x');
    if (row.kind === 'modify') t.equal(client.ask(opcode, 1n, body).error, -EROFS, row.name);
    if (row.kind === 'absent') t.equal(client.ask(opcode, 1n, body).error, -ENOSYS, row.name);
    if (row.kind === 'silent') t.equal(client.send(client.request(opcode, 1n, body)), undefined, row.name);
  }
  t.strictSame(client.problems, []);
});

t.test('INIT', async (t) => {
  const init = (client: FuseClient, major: number, minor: number, flags: number) =>
    client.ask('INIT', 0n, Buffer.concat([record(major, minor, 131_072, flags), Buffer.alloc(48)]));

  await t.test('takes of the offer what it can use', async (t) => {
    const client = new FuseClient(tree());
    const { payload, bytes } = init(client, 7, 45, 0xffff_ffff);
    t.equal(bytes.length, 64);
    t.equal(payload.getUint32(0, true), 7);
    t.equal(payload.getUint32(4, true), 31);
    t.equal(payload.getUint32(8, true), 1 << 20, 'readahead');
    const flags = payload.getUint32(12, true);
    for (const bit of [0, 4, 13, 14, 18, 22, 23]) t.ok(flags & (1 << bit), `flag 1 << ${bit}`);
    t.notOk(flags & (1 << 20), 'no ACLs without default_permissions');
    t.ok(flags & (1 << 30), 'a second word of flags');
    t.equal(payload.getUint32(32, true), 0, 'in which nothing was offered');
    t.equal(payload.getUint32(20, true), 4096);
    t.equal(payload.getUint32(24, true), 1, 'nanoseconds');
    t.equal(payload.getUint16(28, true), 256, 'pages a request');
    t.strictSame(client.dispatcher.exchange.kernelVersion, { major: 7, minor: 45, resends: false });
  });
  await t.test('requests that are sent again', async (t) => {
    const offer = (flags: number, more: number) => {
      const client = new FuseClient(tree());
      const body = Buffer.concat([record(7, 45, 131_072, flags, more), Buffer.alloc(44)]);
      const taken = client.ask('INIT', 0n, body).payload.getUint32(32, true);
      return { taken, ...client.dispatcher.exchange.kernelVersion };
    };
    t.match(offer(0xffff_ffff, 0xffff_ffff), { taken: 1 << 7, resends: true });
    t.match(
      offer(0xbfff_ffff, 0xffff_ffff),
      { taken: 0, resends: false },
      'by a kernel whose record ends before',
    );
  });
  await t.test('takes nothing that was not offered', async (t) => {
    t.equal(init(new FuseClient(tree()), 7, 31, 1).payload.getUint32(12, true), 1);
  });
  await t.test('lets the kernel check ACLs with default_permissions', async (t) => {
    const { payload } = init(new FuseClient(tree(), true), 7, 45, 0xffff_ffff);
    t.ok(payload.getUint32(12, true) & (1 << 20));
  });
  await t.test('leaves direct reads interruptible where they may have to wait', async (t) => {
    const asyncDirect = (mayWait: boolean) =>
      init(new FuseClient(tree(), false, mayWait), 7, 45, 0xffff_ffff).payload.getUint32(12, true) &
      (1 << 15);
    t.ok(asyncDirect(false));
    t.notOk(asyncDirect(true));
  });
  await t.test('a newer major is told ours', async (t) => {
    const client = new FuseClient(tree());
    t.equal(init(client, 8, 0, 0).payload.getUint32(0, true), 7);
    t.equal(client.dispatcher.exchange.kernelVersion, undefined, 'a second INIT is to come');
  });
  await t.test('an older version is refused', async (t) => {
    const client = new FuseClient(tree());
    t.equal(init(client, 7, 30, 0).error, -constants.errno.EPROTO);
    t.strictSame(client.dispatcher.exchange.kernelVersion, { major: 7, minor: 30, resends: false });
    t.equal(init(client, 6, 99, 0).error, -constants.errno.EPROTO);
  });
  await t.test('a kernel that sends the short record of before 7.36', async (t) => {
    t.equal(new FuseClient(tree()).ask('INIT', 0n, record(7, 31, 0, 0)).error, 0);
  });
});

t.test('a problem is answered and reported, and the rest goes on', async (t) => {
  const client = new FuseClient(tree());
  t.equal(client.ask('GETATTR', id(DAMAGED), record(0, 0, 0n)).error, -EUCLEAN);
  t.match(client.problems, [
    { operation: 'GETATTR', node: DAMAGED, problem: { nid: DAMAGED, offset: 0x1000 } },
  ]);
  t.equal(client.ask('LOOKUP', 1n, record('damaged\0')).error, -EUCLEAN);
  t.equal(client.ask('GETATTR', id(FILE), record(0, 0, 0n)).error, 0);

  const defective = new MemoryTree(ROOT, [[ROOT, { damage: new TypeError('a defect') }]]);
  const other = new FuseClient(defective);
  t.equal(other.ask('GETATTR', 1n, record(0, 0, 0n)).error, -EIO);
  t.match(other.problems, [{ problem: { message: 'a defect' } }]);
});

t.test('a Miss is for the caller, who may refuse the request', async (t) => {
  const client = new FuseClient(tree());
  const request = client.request('GETATTR', id(MISSING_BYTES), record(0, 0, 0n));
  let thrown: unknown;
  try {
    client.send(request);
  } catch (miss) {
    thrown = miss;
  }
  t.equal(thrown, MISS);
  const length = client.dispatcher.refuse(EIO);
  const reply = Buffer.from(client.dispatcher.exchange.reply.subarray(0, length));
  t.equal(
    reply.toString('hex'),
    Buffer.concat([record(16, 2 ** 32 - EIO), request.subarray(8, 16)]).toString('hex'),
  );
});

t.test('one reply to whatever the bytes are', async (t) => {
  const client = new FuseClient(tree());
  const bodies = [Buffer.alloc(128), Buffer.alloc(128, 0xff), Buffer.alloc(128, 'a\0')];
  const opcodes = [...Array(70).keys(), 4096, 0xffff_ffff];
  let replies = 0;
  for (const opcode of opcodes) {
    for (const body of bodies) {
      const whole = client.request(opcode, 1n, body);
      const unique = whole.readBigUInt64LE(8);
      const silent = OPCODES[opcode]?.kind === 'silent';
      for (let length = 0; length <= whole.length; length++) {
        for (const honest of [true, false]) {
          const request = Buffer.from(whole.subarray(0, length));
          if (honest && length >= 4) request.writeUInt32LE(length);
          const reply = client.send(request);
          if (reply === undefined) {
            if (length >= 40 && !silent) t.fail(`opcode ${opcode}, ${length} bytes: no reply`);
            continue;
          }
          replies++;
          if (silent && length >= 40) t.fail(`opcode ${opcode}, ${length} bytes: a reply to what wants none`);
          if (reply.unique !== unique) t.fail(`opcode ${opcode}, ${length} bytes: a reply to somebody else`);
          if (reply.error > 0) t.fail(`opcode ${opcode}, ${length} bytes: error ${reply.error}`);
        }
      }
    }
  }
  t.ok(replies > 20_000, `${replies} replies`);
});

t.test('a truncated record is refused and reported', async (t) => {
  for (const [opcode, row] of OPCODES.entries()) {
    if (row === undefined || row.kind === 'silent' || row.inSize === 0) continue;
    const client = new FuseClient(tree());
    t.equal(client.ask(opcode, 1n, Buffer.alloc(row.inSize - 1)).error, -EINVAL, row.name);
    t.match(client.problems, [{ operation: row.name }]);
  }
  t.equal(opcodeOf('READ'), 15);
});

t.test('a request as large as the room for it', async (t) => {
  const client = new FuseClient(tree());
  const body = Buffer.alloc(REQUEST_CAPACITY - 40, 'x');
  t.equal(client.ask('SETXATTR', 1n, body).error, -EROFS);
  t.equal(client.ask('LOOKUP', 1n, body).error, -EINVAL);
});
