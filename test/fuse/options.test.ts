import t from 'tap';
import { OptionError, parseOptions, splitList } from '../../src/fuse/options.js';

const root = { root: true };
const user = { root: false };
const parse = (list: string, caller: { root: boolean } = root) => parseOptions([list], caller);

t.test('a list is split at commas that are neither escaped nor quoted', async (t) => {
  t.same(splitList('ro,offset=1'), ['ro', 'offset=1']);
  t.same(splitList('fsname=a\\,b,ro'), ['fsname=a,b', 'ro']);
  t.same(splitList('fsname="a,b",ro'), ['fsname=a,b', 'ro']);
  t.same(splitList('fsname=a\\\\b'), ['fsname=a\\b']);
  t.same(splitList(',,ro,'), ['ro']);
  t.throws(() => splitList('fsname="a'), { code: 'usage', message: /double quote/ });
});

t.test('defaults of root', async (t) => {
  const { mount, image, asked } = parseOptions([], root);
  t.same(mount, {
    allowOther: false,
    defaultPermissions: true,
    nosuid: true,
    nodev: true,
    noexec: false,
    fsname: undefined,
    subtype: 'erofs',
  });
  t.same(image, {});
  t.equal(asked.size, 0);
});

t.test('defaults of a plain user', async (t) => {
  const { mount } = parse('', user);
  t.equal(mount.nosuid, true);
  t.equal(mount.nodev, true);
  t.equal(mount.defaultPermissions, false);
  t.equal(parse('allow_other', user).mount.defaultPermissions, true, 'others are held to the modes');
});

t.test('every option that has an effect arrives', async (t) => {
  const list =
    'ro,allow_other,nosuid,nodev,noexec,fsname=x,subtype=my.fs,offset=4096,device=a,device=b,uid=1,gid=0x2,allow_truncated';
  const { mount, image, asked } = parse(list);
  t.match(mount, {
    allowOther: true,
    nosuid: true,
    nodev: true,
    noexec: true,
    fsname: 'x',
    subtype: 'my.fs',
  });
  t.same(image, { offset: 4096, devices: ['a', 'b'], uid: 1, gid: 2, allowTruncated: true });
  t.ok(asked.has('uid') && asked.has('subtype') && asked.has('allow_truncated'));
});

t.test('lists add up in their order, and the last of two opposites wins', async (t) => {
  const { image } = parseOptions(['device=a', 'device=b'], root);
  t.same(image.devices, ['a', 'b']);
  t.equal(parse('nosuid,suid').mount.nosuid, false);
  t.equal(parse('suid,nosuid').mount.nosuid, true);
  t.match(parse('suid,dev').mount, { nosuid: false, nodev: false }, 'root may have them');
  t.match(parse('dev').mount, { nosuid: true, nodev: false }, 'one alone');
  t.equal(parse('noexec,exec').mount.noexec, false);
});

t.test('what fstab gives to every file system is accepted and does nothing', async (t) => {
  const list =
    'defaults,auto,noauto,user,users,nofail,_netdev,x-systemd.automount,comment=a,noatime,relatime,async,sync,loop';
  t.equal(parse(list).asked.size, 0);
});

t.test('refusals name the option and what to write instead', async (t) => {
  const refusals: [string, RegExp][] = [
    ['rw', /read-only/],
    ['allow_othr', /did you mean allow_other\?/],
    ['offest=4', /did you mean offset\?/],
    ['bogus', /known are ro, allow_other/],
    ['offset', /write offset=VALUE/],
    ['offset=', /value is missing/],
    ['offset=-1', /expected a number from 0/],
    ['offset=1k', /expected a number/],
    ['uid=4294967295', /expected a number from 0 to 4294967294/],
    ['ro=1', /takes no value/],
    ['subtype=a b', /letters, digits/],
  ];
  for (const [list, message] of refusals) {
    t.throws(() => parse(list), { code: 'usage', message }, list);
    t.throws(() => parse(list), OptionError, list);
  }
  t.throws(() => parse('suid', user), { message: /only root/ });
  t.throws(() => parse('dev', user), { message: /only root/ });
});

t.test('mount(8) says rw where nobody said ro, and -s asks for leniency', async (t) => {
  const lists = ['rw,foo=1,ro'];
  t.throws(() => parseOptions(lists, { root: true, isMountProgram: true }), { message: /foo/ });
  t.same([...parseOptions(lists, { root: true, isMountProgram: true, sloppy: true }).asked], ['ro']);
});

t.test('layers, and what containerd and the kernel call things', async (t) => {
  t.same(parse('upper=a,upper=b').uppers, ['a', 'b']);
  t.equal(parse('fsoffset=4096').image.offset, 4096);
  t.equal(parse('fsoffset=4096,offset=512').image.offset, 512);
  t.same([...parse('X-containerd.dmverity=/s').open], [['verity-sidecar', ['/s']]]);
  t.same(parse('verity_sidecar=/a,verity_sidecar=-').open.get('verity-sidecar'), ['/a', '-']);
  t.throws(() => parse('upper='), { message: /a value is missing/ });
});

t.test('how long a mount lives', async (t) => {
  t.match(parse('ro'), { supervise: false, watchdog: undefined });
  t.match(parse('supervise,watchdog=5'), { supervise: true, watchdog: 5 });
  t.match(parse('watchdog=0'), { watchdog: 0 });
  t.throws(() => parse('watchdog=soon'), { message: /watchdog=soon: expected a number/ });
  t.throws(() => parse('supervise=yes'), { message: /supervise takes no value/ });
});

t.test('what has no effect is listed as it was typed', async (t) => {
  t.same(parse('loop,ro,dax=never,cache_strategy=readahead,X-containerd.a=b,x-systemd.b').ignored, [
    'loop',
    'dax=never',
    'cache_strategy=readahead',
    'X-containerd.a=b',
    'x-systemd.b',
  ]);
});
