/** docs/schema, read: the title of each schema names the commands whose --json it is about. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageRoot } from '../support/paths.js';

export interface JsonSchema {
  readonly file: string;
  /** as they are typed: "ls", "cache ls" */
  readonly commands: readonly string[];
  readonly validate: ValidateFunction;
}

const folder = join(packageRoot, 'docs', 'schema');

export const schemas: readonly JsonSchema[] = readdirSync(folder).map((file) => {
  const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { title: string };
  return {
    file,
    commands: [...schema.title.matchAll(/\berofs ([a-z]+(?: [a-z]+)?) --json/g)].map(([, name]) => name!),
    validate: new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema),
  };
});

/** Throws where there is none. */
export function schemaOf(command: string): JsonSchema {
  const found = schemas.find(({ commands }) => commands.includes(command));
  if (found === undefined)
    throw new Error(`docs/schema: no schema has "erofs ${command} --json" in its title`);
  return found;
}
