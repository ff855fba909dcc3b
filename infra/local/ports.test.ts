import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { assertPortsFree, listeningInode, portHolder, portIsFree, portsFrom } from './ports.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function takePort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('a port in use', () => {
  test('is refused by its number, the part that wants it, the variable to set and the process that holds it', async () => {
    const port = await takePort();
    const refusal = assertPortsFree({ ...portsFrom(1), kafka: port }, ['kafka']);
    await expect(refusal).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringMatching(
        new RegExp(`${port} is wanted by 'kafka' and held by pid ${process.pid} .*set MKONDO_LOCAL_KAFKA_PORT`),
      ),
    });
  });

  test('does not hide another one: all are named at once', async () => {
    const [v2, api] = [await takePort(), await takePort()];
    const refusal = assertPortsFree({ ...portsFrom(1), v2, api }, ['v2', 'api']);
    await expect(refusal).rejects.toMatchObject({ message: expect.stringMatching(/^2 port\(s\)[^]*'v2'[^]*'api'/) });
  });

  test('is none of our business when no part wants it', async () => {
    await expect(assertPortsFree({ ...portsFrom(1), v2: await takePort() }, [])).resolves.toBeUndefined();
  });

  test('is free again when its holder has gone', async () => {
    const port = await takePort();
    expect(await portIsFree(port)).toBe(false);
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    expect(await portIsFree(port)).toBe(true);
    expect(await portHolder(port)).toBeUndefined();
  });
});

describe('listeningInode', () => {
  const listener =
    '   0: 0100007F:3C48 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100';

  test('finds the listener of a port', () => {
    expect(listeningInode(listener, 15_432)).toBe('4711');
  });

  test('passes by other ports, connections that merely use the port, and the heading', () => {
    expect(listeningInode(listener, 15_433)).toBeUndefined();
    expect(listeningInode(listener.replace(' 0A ', ' 01 '), 15_432)).toBeUndefined();
    expect(listeningInode('  sl  local_address rem_address   st', 15_432)).toBeUndefined();
  });
});

test('portsFrom gives each part a port of its own', () => {
  const ports = Object.values(portsFrom(20_000));
  expect(new Set(ports).size).toBe(ports.length);
});
