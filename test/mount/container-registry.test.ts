/** Images of real registries, mounted: every byte of their merged layers, whatever the registry wants of who asks. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { TokenService } from '../registry/token-service.js';
import { makeCertificates } from '../remote/certificates.js';
import { Customer, digestsBelow, digestsOf, end, imageAt, logOf, pusherOf } from '../support/container.js';
import { devFusePlain, devFuseRoot } from '../support/front-end.js';
import { noMergedKernel, sameAsMergedByKernel } from '../support/merged-kernel.js';
import { saveLayers, shownOfThree, threeLayers } from '../support/merged-layers.js';
import { mountTable, processesWith } from '../support/mount-table.js';
import { noPython } from '../support/python.js';
import { REGISTRY_USER, type RegistryRules, RegistryServer, withoutRegistry } from '../support/registry.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
// they wait for programs that start
t.jobs = 3;
const layers = saveLayers(scratch.folder('self', 'layers'), threeLayers);
const { user, password } = REGISTRY_USER;
const basic = Buffer.from(`${user}:${password}`).toString('base64');

/** What the registry wants, after the image was put there. */
const kinds: Readonly<Record<string, (t: Test) => Promise<RegistryRules>>> = {
  'nothing of who asks': async () => ({}),
  'a password': async () => ({ wantsPassword: true }),
  'a token that is good for 5 seconds': async (t) => {
    const certificates = makeCertificates(t, scratch);
    const users = { [user]: password };
    const { realm, service, issuer } = await TokenService.start(t, { certificates, users, lifetime: 5 });
    return { tokens: { realm, service, issuer, caFile: certificates.caFile } };
  },
};

for (const [kind, rulesOf] of Object.entries(kinds)) {
  for (const front of [devFuseRoot, devFusePlain]) {
    const skip = front.missing ?? (withoutRegistry() || noPython) ?? false;
    t.test(`a registry that wants ${kind}, ${front.name}`, { skip, buffered: true }, async (t) => {
      const registry = await RegistryServer.start(t, scratch);
      const pushed = { layers: layers.map((path) => ({ bytes: readFileSync(path) })) };
      await pusherOf(registry).image(pushed, 'three');
      const rules = await rulesOf(t);
      await registry.run(rules);
      const customer = new Customer(scratch, front.user);
      if (Object.keys(rules).length > 0) customer.login(registry.host, user, password);

      const image = imageAt(registry, 'three');
      const mounted = await customer.mount(scratch, front, { image });
      t.equal(mounted.line.source, image);
      t.match(mounted.said.stdout, /\(driver fuse, transport dev-fuse.*; 3 layers: digest x 3\)\n$/);
      t.match(
        mounted.said.stderr,
        /^erofs mount: layers 1 to 3 \(\d+ bytes\): verified against its digest once all of it is here\n$/,
      );
      t.same(await digestsBelow(mounted, front.user), digestsOf(shownOfThree), 'every byte');
      if (front === devFuseRoot && noMergedKernel === undefined) {
        await sameAsMergedByKernel(t, scratch, layers, mounted.mountpoint);
      }
      const { said, mountpoint } = mounted;
      const seen = [
        ...[said.stdout, said.stderr, logOf(mounted)],
        ...processesWith(mountpoint).flatMap(({ words }) => words),
        ...mountTable().map(({ source, options }) => `${source} ${options}`),
      ].join('\n');
      t.ok(seen.includes(registry.host), 'what others may see was looked at');
      for (const secret of [password, basic, 'Bearer ey']) t.notOk(seen.includes(secret), 'no secret');
      await end(t, mounted);
    });
  }
}
