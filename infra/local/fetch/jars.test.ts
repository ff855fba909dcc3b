import { expect, test } from 'vitest';
import { artifactOf } from './jars.ts';

test.each([
  ['jackson-core-2.21.2.jar', 'jackson-core'],
  ['kafka_2.13-4.3.1.jar', 'kafka_2.13'],
  ['debezium-api-3.7.0.Final.jar', 'debezium-api'],
  ['log4j-1.2-api-2.25.1.jar', 'log4j'],
])('%s is the artifact %s', (jar, artifact) => {
  expect(artifactOf(jar)).toBe(artifact);
});
