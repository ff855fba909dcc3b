// Addresses of web servers that a setting gives, with or without a slash at the end.

/** What stands at a path below an address. */
export function under(address: string, path: string): string {
  return new URL(path, address.endsWith('/') ? address : `${address}/`).href;
}
