// Ports for a stack of a test's own, beside whatever else runs on this machine.
import { randomInt } from 'node:crypto';
import { portIsFree, portNames, portsFrom } from '../../infra/local/ports.ts';
import type { Ports } from '../../infra/local/ports.ts';

/** Below 32768, where Linux begins to take ports for outgoing connections. */
const range = { first: 20_000, last: 31_000, inARow: portNames.length };

/** Free ports in a row, one for each name. Another process may take one before it is used: then the stack says so at its start. */
export async function freePorts(): Promise<Ports> {
  while (true) {
    const ports = portsFrom(
      range.first + range.inARow * randomInt(Math.floor((range.last - range.first) / range.inARow)),
    );
    const free = await Promise.all(Object.values(ports).map(portIsFree));
    if (free.every(Boolean)) return ports;
  }
}
