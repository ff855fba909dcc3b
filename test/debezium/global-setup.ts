// One v2, v3, Kafka and Connect for all files of this folder; each file has a schema, a slot and a connector of its own.
// A part that dies is started again, as an init system would: so a test kills one by its pid, and waits.
import type { TestProject } from 'vitest/node';
import { startStack } from '../../infra/local/stack.ts';
import { freePorts } from '../support/free-ports.ts';
import { createStateFolder, removeStateFolder } from '../support/state-folder.ts';
import type { CaptureStack } from './capture.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly captureStack: CaptureStack;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stateDir = await createStateFolder('debezium');
  const stack = await startStack({
    stateDir,
    ports: await freePorts(),
    parts: ['v2', 'v3', 'kafka', 'connect'],
    log: console.log,
    onDeath: (part) => void part.restart().catch(console.error),
  });
  const { ports, urls, secrets, kafka, connect } = stack;
  project.provide('captureStack', {
    stateDir,
    v2Port: ports.v2,
    v2: urls.v2,
    v3: urls.v3,
    replicationPassword: secrets.replication,
    placeholder: secrets.unavailableValue,
    kafka,
    connect,
  });
  return async () => {
    await stack.stop();
    await removeStateFolder(stateDir);
  };
}
