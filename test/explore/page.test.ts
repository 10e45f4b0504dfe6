/**
 * The page of `erofs explore` in a real browser: headless Chromium, where it is installed. SCREENSHOTS=DIR writes the pictures of
 * docs/explore.md there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { chromium, Page } from '../support/chromium.js';
import { explore } from '../support/explored.js';
import { fixture } from '../support/fixture.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { images } from '../support/paths.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const skip = chromium === undefined && 'takes chromium';
const SCRIPT = '<img src=x onerror=alert(1)>';

const text = (selector: string) => `document.querySelector(${JSON.stringify(selector)})?.textContent`;
const focused = 'document.activeElement';
const tiles = "[...document.querySelectorAll('.tile')]";

async function openPage(t: Test, image: string): Promise<Page> {
  const explored = await explore(t, [image]);
  const page = await Page.open(scratch.folder(), { width: 1040, height: 620 });
  t.teardown(() => page.close());
  await page.tell('Page.navigate', { url: explored.url });
  await page.until("document.querySelectorAll('.tile').length > 2");
  return page;
}

/** In the pictures the image lies elsewhere than in the test. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder === undefined) return;
  await page.value(`(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { currentNode } = texts;
      currentNode.nodeValue = currentNode.nodeValue.replaceAll(${JSON.stringify(images)}, '/srv/images');
    }
  })()`);
  writeFileSync(join(folder, name), await page.screenshot());
}

/** Colour of the ground, as the browser shows it. */
const ground = 'getComputedStyle(document.body).backgroundColor';

t.test('an image', { skip }, async (t) => {
  const page = await openPage(t, fixture('lz4').image);

  t.test('the treemap, by both sizes', async (t) => {
    await page.until(`/names$/.test(${text('#counted')})`);
    t.match(await page.value(text('#counted')), /^811 KiB stored for 1\.3 MiB, 178 names$/);
    const area =
      '((box) => box.width * box.height)(document.querySelector(\'[data-key="folder /dup"]\').getBoundingClientRect())';
    const stored = await page.value<number>(area);
    await picture(page, 'sizes-light.png');
    await page.value("document.querySelector('[value=plain]').click()");
    await page.until(`${area} !== ${stored}`);
    t.ok((await page.value<number>(area)) > 1000, 'the folder has another size, and is still there');
    const covered = `${tiles}.filter((tile) => !tile.matches('.folder')).reduce((sum, { offsetWidth, offsetHeight }) => sum + offsetWidth * offsetHeight, 0)`;
    const all =
      "document.getElementById('treemap').clientWidth * document.getElementById('treemap').clientHeight";
    t.ok(
      (await page.value<number>(covered)) > 0.6 * (await page.value<number>(all)),
      'tiles fill the picture',
    );
    await page.value("document.querySelector('[value=stored]').click()");
    await page.until(`${area} === ${stored}`);
  });

  t.test('into a folder by keys, and out again', async (t) => {
    await page.value('document.querySelector(\'.tile[tabindex="0"]\').focus()');
    t.equal(await page.value(`${focused}.dataset.key`), 'folder /sizes');
    await page.press('ArrowDown');
    t.match(await page.value(`${focused}.dataset.key`), /^(file|folder) \/(sizes|data)\b/);
    await page.press('ArrowUp');
    t.equal(await page.value(`${focused}.dataset.key`), 'folder /sizes');
    await page.press('Enter', '\r');
    await page.until(`${text('#crumbs')} === '/sizes'`);
    await page.until(`${tiles}.some((tile) => tile.dataset.key === 'file /sizes/text-100000')`);
    await page.value('document.querySelector(\'.tile[tabindex="0"]\').focus()');
    await page.press('Backspace');
    await page.until(`${text('#crumbs')} === '/'`);
    await page.until(`${tiles}.some((tile) => tile.dataset.key === 'folder /data')`);
  });

  t.test('a file in the tree, by keys', async (t) => {
    await page.value('document.querySelector(\'#files [tabindex="0"]\').focus()');
    for (const key of ['ArrowDown', 'ArrowRight']) await page.press(key);
    await page.until(
      `${focused}.dataset.path === '/data' && ${focused}.querySelectorAll('[role=treeitem]').length > 3`,
    );
    t.equal(await page.value(`${focused}.getAttribute('aria-expanded')`), 'true');
    await page.press('ArrowRight');
    while ((await page.value(`${focused}.dataset.path`)) !== '/data/text.bin') await page.press('ArrowDown');
    await page.press('Enter', '\r');
    await page.until(`${text('#details h2')} === '/data/text.bin'`);
    const details = await page.value<string>(text('#details'));
    t.match(details, /size87\.9 KiB \(90000\)/);
    t.match(details, /18 extents/);
    t.match(details, /struct erofs_inode_compact/);
    t.equal(await page.value(`${focused}.getAttribute('aria-selected')`), 'true');
    await page.press('ArrowLeft');
    t.equal(await page.value(`${focused}.dataset.path`), '/data');
    await page.press('ArrowLeft');
    t.equal(await page.value(`${focused}.getAttribute('aria-expanded')`), 'false');
  });

  t.test('the image as a whole', async (t) => {
    await page.value("document.getElementById('whole').click()");
    await page.until(`/block size4\\.0 KiB/.test(${text('#details')})`);
    t.match(await page.value(text('#details')), /inodes176.*820 KiB, not verified.*struct erofs_super_block/);
    await page.value(`${tiles}.find((tile) => tile.dataset.key === 'file /data/text.bin').click()`);
    await page.until(`${text('#details h2')} === '/data/text.bin'`);
  });

  t.test('the block map, with the file, and what is cached', async (t) => {
    await page.value("document.getElementById('sizes-tab').focus()");
    await page.press('ArrowRight');
    await page.until("document.querySelectorAll('#kinds tbody tr').length > 7");
    const kinds = await page.value<string>(text('#kinds tbody'));
    t.match(kinds, /inodes.*directories.*LZ4.*free or unknown/);
    /** Colours of the canvas: [r, g, b, a] by the frequency of each. */
    const colours = `(() => {
      const canvas = document.getElementById('map');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
      return [...seen];
    })()`;
    const isDrawn = (await page.value<number[]>(colours)).includes(0x2da44e);
    t.ok(isDrawn, 'LZ4 has its colour');
    await page.value("document.getElementById('map').focus()");
    t.match(await page.value(text('#cell')), /^0x0 to 0x200: free or unknown 512 B$/);
    for (const key of ['ArrowRight', 'ArrowRight']) await page.press(key);
    t.match(await page.value(text('#cell')), /^0x400 to 0x600: superblock and tables 128 B/);
    await picture(page, 'blocks-light.png');
    await page.value("document.getElementById('cached').click()");
    await page.until(`/memory|unknown/.test(${text('#where')})`);
    t.match(await page.value(text('#where')), /in the kernel's memory, .*%$|^unknown/);
  });

  t.test('dark', async (t) => {
    t.equal(await page.value(ground), 'rgb(255, 255, 255)');
    const features = [{ name: 'prefers-color-scheme', value: 'dark' }];
    await page.tell('Emulation.setEmulatedMedia', { features });
    t.equal(await page.value(ground), 'rgb(15, 19, 24)');
    await picture(page, 'blocks-dark.png');
    await page.value("document.getElementById('sizes-tab').click()");
    await page.until(`${tiles}.length > 2`);
    await picture(page, 'sizes-dark.png');
  });

  t.test('without a complaint of the browser', async (t) => t.same(page.complaints, []));
});

t.test('hostile names, and what cannot be read', { skip }, async (t) => {
  const image = scratch.file('hostile.erofs');
  writeImage({
    root: directory({
      [SCRIPT]: file('x'.repeat(3000), { xattrs: [] }),
      'a&b"c': file('x'.repeat(2000)),
      folder: directory({ below: file('x'.repeat(1000)) }),
      gone: { toNid: 2n ** 40n, type: 1 },
    }),
  }).save(image);
  const page = await openPage(t, image);
  t.ok(await page.value(`${tiles}.some(({ textContent }) => textContent === ${JSON.stringify(SCRIPT)})`));
  t.equal(await page.value("document.querySelectorAll('img').length"), 0, 'a name is no element');
  await page.value(`${tiles}.find(({ textContent }) => textContent === ${JSON.stringify(SCRIPT)}).click()`);
  await page.until(`${text('#details h2')} === ${JSON.stringify(`/${SCRIPT}`)}`);
  t.match(await page.value(text('#counted')), /1 part could not be read.*\(corrupt\)/);
  t.match(await page.value(text('#files .trouble')), /gone.*corrupt/);
  await page.value(
    "[...document.querySelectorAll('#files .row')].find(({ textContent }) => textContent.includes('gone')).click()",
  );
  await page.until(`/\\(corrupt\\)/.test(${text('#details .trouble')})`);
  t.same(
    page.complaints.filter((line) => !line.includes('422')),
    [],
    'the browser tells of the refused question alone',
  );
  const written =
    "(() => { try { document.body.innerHTML = '<b>x</b>'; return 'written'; } catch ({ name }) { return name; } })()";
  t.equal(await page.value(written), 'TypeError', 'nothing becomes markup');
});
