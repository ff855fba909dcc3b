// Passwords of the local stack, and Debezium's placeholder: random, made once, kept in the state folder.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Its presence marks a folder as the state of a stack, running or not. */
export const secretsName = 'secrets.json';

const schema = z.object({
  superuser: z.string().min(1),
  elmis: z.string().min(1),
  replication: z.string().min(1),
  openlmis: z.string().min(1),
  mkondo: z.string().min(1),
  monitor: z.string().min(1),
  /** Debezium's unavailable.value.placeholder: must not change while events that carry it are in Kafka. */
  unavailableValue: z.string().min(8),
});

export type Secrets = Readonly<z.infer<typeof schema>>;

export async function loadSecrets(stateDir: string): Promise<Secrets> {
  const file = join(stateDir, secretsName);
  const random = (): string => randomBytes(15).toString('hex');
  const made: Secrets = {
    superuser: random(),
    elmis: random(),
    replication: random(),
    openlmis: random(),
    mkondo: random(),
    monitor: random(),
    unavailableValue: `unavailable-${random()}`,
  };
  // A folder of before may lack one that is new since.
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  const secrets = schema.parse({ ...made, ...known });
  if (Object.keys(made).every((name) => name in known)) return secrets;
  await mkdir(stateDir, { recursive: true });
  await writeFile(`${file}.draft`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  await rename(`${file}.draft`, file);
  return secrets;
}
