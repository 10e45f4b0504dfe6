/** The images that the documents speak of, under the names that they have there. */
import { join } from 'node:path';
import { writeImage } from '../support/image-writer.js';
import { directory, file, type NodeSpec } from '../support/image-writer-node.js';

const tree = (release: string, fields: Readonly<Record<string, NodeSpec>> = {}): NodeSpec =>
  directory({
    etc: directory({ 'os-release': file(release) }),
    usr: directory({
      bin: directory({ sudo: file('#!/bin/false\n', { permissions: 0o4755 }) }),
      share: directory({ doc: directory({ readme: file('read me\n') }) }),
    }),
    names: directory([[Buffer.from('latin1-\xe9', 'latin1'), file('e with an acute accent\n')]]),
    ...fields,
  });

/** root.erofs, old.erofs and new.erofs, which differ, and the layers base.erofs, middle.erofs and top.erofs. */
export function saveDocumentedImages(folder: string): void {
  const save = (name: string, root: NodeSpec): void =>
    writeImage({ root }).save(join(folder, `${name}.erofs`));
  for (const name of ['root', 'old', 'base']) save(name, tree('NAME=old\n'));
  save('new', tree('NAME=new\n'));
  save('middle', directory({ etc: directory({ hosts: file('127.0.0.1 localhost\n') }) }));
  save('top', directory({ etc: directory({ 'os-release': file('NAME=top\n') }) }));
}
