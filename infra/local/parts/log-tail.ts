// The last lines of a part's log, for the message that names a part that failed.
import { open } from 'node:fs/promises';

const tailBytes = 32_768;

/** The last `lines` lines, indented; a note when there is no log. */
export async function logTail(file: string, lines = 25): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return '    (no log was written)';
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.min(size, tailBytes)),
      position: start,
    });
    const text = buffer.subarray(0, bytesRead).toString('utf8').trimEnd();
    return text
      .split('\n')
      .slice(-lines)
      .map((line) => `    ${line}`)
      .join('\n');
  } finally {
    await handle.close();
  }
}
