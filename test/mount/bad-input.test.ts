/** What a mount cannot do: exit 1 (2 for wrong usage), one line on stderr that has the remedy, and nothing left mounted. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Damage, field } from '../support/damage.js';
import { fixture } from '../support/fixture.js';
import { devFusePlain, devFuseRoot, fuseNative, kernelDriver } from '../support/front-end.js';
import { mountedAt, mountTable, processesWith } from '../support/mount-table.js';
import { mount, remains } from '../support/mounted.js';
import { command, program } from '../support/paths.js';
import { noPython, pythonWords } from '../support/python.js';
import { describeRun, type Ended, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { isRoot, noSuchUser, withUser } from '../support/user.js';

const scratch = new Scratch(t);
const plain = fixture('plain');
const noNamespace =
  noSuchUser('root') ??
  noPython ??
  (spawnSync('unshare', ['--mount', 'true']).status === 0 ? undefined : 'needs unshare --mount');

/** Exactly one line, `erofs mount: ...`, that says what it should; no stack; nothing new in the mount table. */
function refused(t: Test, said: Ended, expected: RegExp, mountpoint?: string): void {
  t.equal(said.status, 1, describeRun(said));
  t.equal(said.stdout, '', 'nothing on stdout');
  const lines = said.stderr.trimEnd().split('\n');
  t.equal(lines.length, 1, `one line: ${said.stderr}`);
  t.match(lines[0], /^erofs mount: /, 'that starts with the command');
  t.match(lines[0], expected, 'and says what is wrong and what to do');
  t.notMatch(said.stderr, /^\s+at /m, 'without a stack');
  if (mountpoint === undefined) return;
  t.same(
    mountTable().filter((mount) => mount.mountpoint === mountpoint),
    [],
    'nothing is mounted',
  );
  t.same(processesWith(mountpoint), [], 'no process is left');
}

t.test('images', async (t) => {
  const bad = (change: (damage: Damage) => void): string => {
    const damage = new Damage(plain);
    change(damage);
    return damage.write(scratch);
  };
  const checksum = scratch.file('checksum.erofs');
  copyFileSync(plain.image, checksum);
  const { bytes } = new Damage(fixture('plain'));
  bytes.writeUInt32LE(bytes.readUInt32LE(field.featureCompat) | 1, field.featureCompat);
  bytes.write('another', field.volumeName);
  writeFileSync(checksum, bytes);
  const fifo = scratch.file('fifo');
  await run('mkfifo', [fifo]);
  const whole = new Damage(plain).bytes;
  const half = scratch.file('half.erofs', whole.subarray(0, Math.floor(whole.length / 2)));

  const cases: Record<string, { image: string; options?: string[]; says: RegExp }> = {
    'a file of zeroes': {
      image: scratch.file('zeroes', Buffer.alloc(100_000)),
      says: /EROFS|erofs.*superblock/,
    },
    'an empty file': { image: scratch.file('empty', ''), says: /EROFS|superblock|truncated|0 bytes/ },
    'a file of ten bytes': {
      image: scratch.file('short', '0123456789'),
      says: /EROFS|superblock|truncated|10 bytes/,
    },
    'no file': { image: scratch.file('absent'), says: /absent.*no such file/i },
    'a directory': { image: scratch.folder(), says: /directory|neither a file nor/ },
    'a fifo, which must not be waited for': {
      image: fifo,
      says: /fifo|neither a file nor/i,
    },
    'a wrong checksum': { image: checksum, says: /checksum/ },
    'an unknown feature': {
      image: bad(({ bytes }) => bytes.writeUInt32LE(0x4000_0000, field.featureIncompat)),
      says: /feature.*0x40000000/i,
    },
    'a block size of 2^31': {
      image: bad(({ bytes }) => bytes.writeUInt8(31, field.blockSizeBits)),
      says: /block/,
    },
    'half an image': { image: half, says: /truncated.*allow_truncated/ },
    'a missing device': { image: fixture('blobdev').image, says: /device.*device=/ },
    'a device that does not exist': {
      image: fixture('blobdev').image,
      options: ['-o', `device=${scratch.file('no-blob')}`],
      says: /no-blob.*no such file/i,
    },
    'one device of two': {
      image: fixture('merged').image,
      options: ['-o', `device=${fixture('layer1').image}`],
      says: /device/,
    },
    'an offset behind the end': {
      image: plain.image,
      options: ['-o', 'offset=1G'],
      says: /offset|superblock|EROFS/,
    },
    'an offset that is wrong': {
      image: plain.image,
      options: ['-o', 'offset=4096'],
      says: /EROFS|superblock/,
    },
  };
  for (const [name, { image, options = [], says }] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const mountpoint = scratch.folder();
      const said = await erofs(['mount', ...options, image, mountpoint], { limit: 20 });
      if (name === 'an offset behind the end' && said.status === 2)
        return void t.pass('1G is no number: wrong usage');
      refused(t, said, says, mountpoint);
    });
  }
});

for (const front of [devFuseRoot, devFusePlain, fuseNative, kernelDriver]) {
  t.test(`mountpoints, ${front.name}`, { skip: front.missing ?? false }, async (t) => {
    const { user } = front;
    const words = ['mount', ...front.words, plain.image];
    const absent = join(scratch.folder(user), 'absent');
    refused(t, await erofs([...words, absent], { user }), /absent.*(mkdir|create)/i);

    const file = join(scratch.folder(user), 'file');
    writeFileSync(file, '');
    refused(t, await erofs([...words, file], { user }), /director/i, file);

    const mounted = await mount(scratch, front, plain);
    const again = await erofs([...words, mounted.mountpoint], { user });
    refused(t, again, /already mounted|is mounted.*umount/i);
    t.equal(
      mountTable().filter((line) => line.mountpoint === mounted.mountpoint).length,
      1,
      'the mount goes on, alone',
    );
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  });
}

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  for (const cleaner of front === devFuseRoot ? (['mount', 'umount'] as const) : (['mount'] as const)) {
    t.test(
      `a stale mount, cleaned by erofs ${cleaner}, ${front.name}`,
      { skip: front.missing ?? false },
      async (t) => {
        const { user } = front;
        const mounted = await mount(scratch, front, plain);
        for (const { pid } of processesWith(mounted.mountpoint)) process.kill(pid, 'SIGKILL');
        // statfs is never cached: only a living daemon answers it
        const ask = (): Promise<Ended> => run('stat', ['--file-system', mounted.mountpoint], { user });
        t.ok(await until(async () => (await ask()).status !== 0), 'its daemon is dead, and so is the mount');
        if (cleaner === 'mount') {
          const said = await erofs(['mount', ...front.words, plain.image, mounted.mountpoint], { user });
          t.equal(said.status, 0, describeRun(said));
          t.match(
            said.stderr,
            /^erofs mount: .*(stale|dead|died|left)[^\n]*\n$/,
            'one line says that it was cleaned',
          );
          t.equal((await ask()).status, 0, 'the new mount answers');
        }
        const said = await erofs(['umount', mounted.mountpoint], { user });
        t.equal(said.status, 0, `erofs umount: ${describeRun(said)}`);
        t.same(await remains(mounted.mountpoint), [], 'nothing is left');
      },
    );
  }
}

t.test('/dev/fuse', { skip: noNamespace ?? false }, async (t) => {
  for (const transport of ['dev-fuse', 'fuse-native']) {
    for (const user of ['root', 'plain'] as const) {
      await t.test(`missing, ${transport} as ${user}`, async (t) => {
        const { said, mountpoint } = await mountWithout('missing', transport, user);
        refused(t, said, /fuse.*modprobe fuse/, mountpoint);
      });
    }
    await t.test(`not to be opened, ${transport}`, async (t) => {
      const { said, mountpoint } = await mountWithout('closed', transport, 'plain');
      refused(t, said, /\/dev\/fuse.*(chmod|permission|root)/i, mountpoint);
    });
  }
});

t.test('a plain user', { skip: devFusePlain.missing ?? false }, async (t) => {
  await t.test(
    'no fusermount3',
    { skip: isRoot ? (noNamespace ?? false) : 'needs root to hide it' },
    async (t) => {
      const { said, mountpoint } = await mountWithout('no-fusermount', 'dev-fuse', 'plain');
      refused(t, said, /fusermount3.*(install|fuse3)/, mountpoint);
    },
  );
  await t.test(
    'an image that it may not read',
    { skip: isRoot ? false : 'needs root to forbid it' },
    async (t) => {
      const image = scratch.file('secret.erofs');
      copyFileSync(plain.image, image);
      await run('chmod', ['0600', image]);
      const mountpoint = scratch.folder('plain');
      const said = await erofs(['mount', image, mountpoint], { user: 'plain' });
      refused(t, said, /secret\.erofs.*permission|may not/i, mountpoint);
    },
  );
  await t.test(
    'a mountpoint of somebody else',
    { skip: isRoot ? false : 'needs root to own it' },
    async (t) => {
      const mountpoint = scratch.folder('root');
      const said = await erofs(['mount', '--driver', 'fuse', plain.image, mountpoint], { user: 'plain' });
      refused(t, said, /own|permission|write/i, mountpoint);
    },
  );
  await t.test('the kernel driver', async (t) => {
    const mountpoint = scratch.folder('plain');
    const said = await erofs(['mount', '--driver', 'kernel', plain.image, mountpoint], { user: 'plain' });
    refused(t, said, /root.*--driver fuse|--driver fuse/, mountpoint);
  });
  await t.test('allow_other that fuse.conf does not allow', async (t) => {
    const mountpoint = scratch.folder('plain');
    const said = await erofs(['mount', '-o', 'allow_other', plain.image, mountpoint], { user: 'plain' });
    if (said.status === 0) {
      await run('fusermount3', ['-u', mountpoint], { user: 'plain' });
      return void t.pass('this fuse.conf allows it');
    }
    refused(t, said, /user_allow_other.*fuse\.conf|fuse\.conf.*user_allow_other/, mountpoint);
  });
});

t.test('what is not mounted cannot be unmounted', async (t) => {
  const folder = scratch.folder();
  const said = await erofs(['umount', folder]);
  t.equal(said.status, 1, describeRun(said));
  t.match(said.stderr, /^erofs umount: [^\n]*not[^\n]*mount[^\n]*\n$/, 'one line');
  const foreign = await erofs(['umount', '/proc']);
  t.equal(foreign.status, 1, describeRun(foreign));
  t.match(foreign.stderr, /^erofs umount: [^\n]*proc[^\n]*\n$/, 'one line that says what it is');
  t.ok(mountedAt('/proc'), 'and a mount of somebody else stays');
});

t.test('wrong usage is exit 2 and one line', async (t) => {
  const folder = scratch.folder();
  const wrong: Record<string, string[]> = {
    'no arguments': ['mount'],
    'an unknown flag': ['mount', '--no-such-flag', plain.image, folder],
    'an unknown option': ['mount', '-o', 'no_such_option', plain.image, folder],
    'an option near to a known one': ['mount', '-o', 'allow_othr', plain.image, folder],
    'an offset that is no number': ['mount', '-o', 'offset=x', plain.image, folder],
    'an unknown driver': ['mount', '--driver', 'magic', plain.image, folder],
  };
  for (const [name, words] of Object.entries(wrong)) {
    const said = await erofs(words);
    t.equal(said.status, 2, `${name}: ${describeRun(said)}`);
    t.match(said.stderr, /^erofs[^\n]*\n$/, `${name}: one line`);
  }
  const near = await erofs(wrong['an option near to a known one']!);
  t.match(near.stderr, /allow_other/, 'the nearest known option is named');
  t.same(
    mountTable().filter(({ mountpoint }) => mountpoint === folder),
    [],
    'nothing is mounted',
  );
  for (const words of [['--version'], ['mount', '--help']]) {
    const said = await erofs(words);
    t.equal(said.status, 0, `${words.join(' ')}: ${describeRun(said)}`);
    t.equal(said.stderr, '', 'on stdout');
  }
});

/** `erofs mount` in a mount namespace of its own that lacks something. */
async function mountWithout(
  state: 'missing' | 'closed' | 'no-fusermount',
  transport: string,
  user: 'root' | 'plain',
): Promise<{ said: Ended; mountpoint: string }> {
  const mountpoint = scratch.folder(user);
  const mount = ['mount', '--driver', 'fuse', '--transport', transport, plain.image, mountpoint];
  const inside = withUser([process.execPath, command, ...mount], user);
  const [python, words] = pythonWords(program('private-namespace.py'), state, ...inside.words);
  const said = await run('unshare', ['--mount', '--', python, ...words], {
    environment: { HOME: inside.environment.HOME ?? '/' },
    limit: 50,
  });
  return { said, mountpoint };
}
