/** The panel of details: the image as a whole, or one file. */
import { unescapeBytes } from '../../commands/escape.js';
import { quoteName } from '../../commands/quote.js';
import { sizeText } from '../../commands/size-text.js';
import { hex } from '../../erofs-reader/bytes.js';
import type { ShownExtent, ShownFile, ShownImage, ShownStructure } from '../shapes.js';
import { element, facts, found, table } from './elements.js';
import { problemLine } from './problems.js';
import { ask, Refused } from './questions.js';

/** Milliseconds until a mount is asked again. */
const PAUSE = 2000;

export class FileView {
  readonly #panel = found('details');
  readonly #opened: (file: ShownFile) => void;
  /** of the question that was asked last: an answer that comes late is not shown */
  #question = 0;

  /** `opened` is told of each file that is shown. */
  constructor(opened: (file: ShownFile) => void) {
    this.#opened = opened;
  }

  /** What a mount tells is asked for again and again, until something else is shown. Rejects as asking does. */
  async showImage(): Promise<void> {
    const question = ++this.#question;
    const mounted = element('div', {});
    for (let isFirst = true; ; isFirst = false) {
      const image = await ask<ShownImage>('image');
      if (question !== this.#question) return;
      if (isFirst) this.#drawImage(image, mounted);
      if (image.mount === null) return;
      mounted.replaceChildren(
        element('h3', {}, `Mounted on ${image.mount.mountpoint}`),
        facts(image.mount.facts),
        element('h3', {}, 'On disk'),
      );
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  #drawImage({ name, layers, problems }: ShownImage, mounted: HTMLElement): void {
    this.#panel.replaceChildren(
      element('h2', {}, name),
      ...problems.map(problemLine),
      mounted,
      ...layers.flatMap((layer) => [
        ...(layers.length > 1 ? [element('h3', {}, layer.name)] : []),
        facts([
          ['inodes', String(layer.inodes)],
          ['block size', sizeText(layer.block_size)],
          ...layer.devices.flatMap(({ size, verified }, i): [string, string][] => [
            [i === 0 ? 'image' : `device ${i}`, `${sizeText(size)}, ${verified}`],
          ]),
        ]),
        ...layer.structures.map(structureView),
      ]),
    );
  }

  /** What cannot be read is shown as such. Rejects where the server has ended. */
  async show(path: string): Promise<void> {
    const question = ++this.#question;
    let file: ShownFile;
    try {
      file = await ask<ShownFile>('file', { path });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (question === this.#question) this.#panel.replaceChildren(...refusedView(path, error));
      return;
    }
    if (question !== this.#question) return;
    const extents = element('div', { class: 'extents' });
    this.#panel.replaceChildren(
      element('h2', {}, file.name),
      ...file.problems.map(problemLine),
      facts(file.facts),
      ...(file.xattrs.length === 0 ? [] : [table('Extended attributes', ['name', 'value'], file.xattrs)]),
      extents,
      element('h3', {}, 'On disk'),
      ...file.structures.map(structureView),
    );
    this.#addExtents(extents, file, file.extents);
    this.#opened(file);
  }

  #addExtents(place: HTMLElement, file: ShownFile, shown: readonly ShownExtent[]): void {
    if (file.extent_count === 0) return;
    const columns = ['of the file', 'bytes', 'kind', 'at', 'stored'];
    place.replaceChildren(
      table(`${file.extent_count} extents`, columns, shown.flatMap(extentRows), [0, 1, 4]),
    );
    if (shown.length >= file.extent_count) return;
    const more = element('button', { type: 'button' }, `${file.extent_count - shown.length} more`);
    more.addEventListener('click', async () => {
      const next = await ask<ShownFile>('file', { path: file.path, from: shown.length });
      this.#addExtents(place, file, [...shown, ...next.extents]);
    });
    place.append(more);
  }
}

const refusedView = (path: string, { code, message }: Refused): HTMLElement[] => [
  element('h2', {}, quoteName(unescapeBytes(path))),
  problemLine({ name: null, code, message }),
];

/** A fragment, and below it where the packed inode has it. */
function extentRows(extent: ShownExtent): string[][] {
  const {
    start,
    length,
    kind,
    place,
    device,
    offset,
    algorithm,
    encoded_length,
    partial,
    within = [],
  } = extent;
  const where = place === 'image' ? '' : place === 'device' ? ` of device ${device}` : ` of the ${place}`;
  const at = offset === undefined ? '' : `${hex(offset)}${where}`;
  const what = `${algorithm ?? ''} ${kind}${partial === true ? ', shared' : ''}`.trim();
  const row = [
    hex(start),
    String(length),
    what,
    at,
    encoded_length === undefined ? '' : String(encoded_length),
  ];
  return [row, ...within.flatMap(extentRows).map(([, ...rest]) => ['within', ...rest])];
}

function structureView({ name, place, offset, fields }: ShownStructure): HTMLElement {
  const rows = fields.map((field) => [
    hex(field.offset),
    field.name,
    `${field.value}${field.meaning === undefined ? '' : ` (${field.meaning})`}`,
  ]);
  const title = `${name} at ${hex(offset)}${place === 'image' ? '' : ` of the ${place}`}`;
  return element('details', {}, element('summary', {}, title), table('', ['at', 'field', 'value'], rows));
}
