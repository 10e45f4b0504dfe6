/** The page of `erofs explore`: what is chosen in one part of it is shown in the others. */
import { sizeText } from '../../commands/size-text.js';
import type { ShownImage } from '../shapes.js';
import { BlockView } from './block-view.js';
import { found } from './elements.js';
import { FileTree } from './file-tree.js';
import { FileView } from './file-view.js';
import { ask } from './questions.js';
import { TreemapView } from './treemap-view.js';

const blocks = new BlockView();
const details = new FileView((file) => blocks.mark(file));
const treemap = new TreemapView((path) => {
  files.select(path);
  void details.show(path);
});
const files = new FileTree((path, isFolder) => {
  void details.show(path);
  if (isFolder) void treemap.show(path);
});

const TABS = ['sizes', 'blocks'] as const;

function choose(chosen: (typeof TABS)[number]): void {
  for (const name of TABS) {
    const tab = found(`${name}-tab`);
    tab.setAttribute('aria-selected', String(name === chosen));
    tab.tabIndex = name === chosen ? 0 : -1;
    found(name).hidden = name !== chosen;
  }
  if (chosen === 'blocks') void blocks.show();
  else blocks.hide();
}

for (const [i, name] of TABS.entries()) {
  found(`${name}-tab`).addEventListener('click', () => choose(name));
  found(`${name}-tab`).addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = TABS[1 - i]!;
    choose(other);
    found(`${other}-tab`).focus();
  });
}

found('whole').addEventListener('click', () => void details.showImage());

/** What nobody waited for: a question that was refused, or the end of the server. */
addEventListener('unhandledrejection', (event) => {
  const { reason } = event;
  event.preventDefault();
  const { message, code } = reason as Error & { code?: string };
  const isOver = reason instanceof TypeError;
  const trouble = found('trouble');
  trouble.hidden = false;
  trouble.textContent = isOver
    ? 'erofs explore has ended; start it again'
    : `${message} (${code ?? 'internal'})`;
});

async function start(): Promise<void> {
  const image = await ask<ShownImage>('image');
  const { name, mount, layers } = image;
  document.title = `${name} – erofs explore`;
  found('name').textContent = name;
  const size = layers.flatMap(({ devices }) => devices).reduce((sum, device) => sum + device.size, 0);
  const where = mount === null ? '' : `, mounted on ${mount.mountpoint}`;
  found('about').textContent =
    `${sizeText(size)}${layers.length > 1 ? ` in ${layers.length} layers` : ''}${where}`;
  blocks.start(image);
  await Promise.all([details.showImage(), files.start(), treemap.show('/')]);
}

void start();
