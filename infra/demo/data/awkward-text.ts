// Text that is legal in eLMIS and that careless code damages: every kind is in the demo data and in the simulator's edits.
import type { Random } from '../random.ts';

const awkward = [
  `O'Brien`,
  `"quoted" and ''doubled''`,
  'tab\there',
  'two\nlines',
  'carriage\r\nreturn',
  'back\\slash',
  '\\N',
  '\\.',
  ' spaces around ',
  '',
  'Ng’ombe — Mbalizi',
  'Hôpital Saint-André',
  'Mto wa Mbu 🏥',
  'e\u0301 is not \u00e9',
  'عيادة',
  'zero\u200bwidth',
  'non\u00a0breaking',
  'a,b;c|d',
  '{"json": [1, null]}',
  '<b>&amp;</b>',
  '$1 %s ${x} :y',
  'NULL',
  '\u0001\u001f',
  '\u{10ffff}',
] as const;

/** Now and then an awkward text of at most `length` characters, else `plain`. */
export function sometimesAwkward(random: Random, plain: string, length: number, probability = 0.04): string {
  if (!random.chance(probability)) return plain;
  const text = random.pick(awkward);
  const joined = random.chance(0.5) ? text : `${plain} ${text}`;
  return Array.from(joined).slice(0, length).join('');
}

/** A remark as clerks write them: mostly none, mostly short, some longer than v3 can hold, a few stored out of line. */
export function remark(random: Random): string | null {
  if (random.chance(0.9)) return null;
  if (random.chance(0.004)) return random.noise(9000);
  if (random.chance(0.05)) return 'Stock ilichelewa kufika; tafadhali ongeza. '.repeat(random.integer(8, 12)).trimEnd();
  return sometimesAwkward(
    random,
    random.pick(['Imepokelewa pungufu', 'Expired stock removed', 'Physical count done', 'ok']),
    250,
    0.2,
  );
}
