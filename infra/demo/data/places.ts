// Tanzania's shape as eLMIS holds it: country, ten zones of the Medical Stores Department (MSD), 26 regions, 186 councils.

export interface Region {
  readonly name: string;
  readonly councils: number;
}

export interface MsdZone {
  readonly name: string;
  readonly regions: readonly Region[];
}

const region = (name: string, councils: number): Region => ({ name, councils });

export const msdZones: readonly MsdZone[] = [
  { name: 'Dar es Salaam', regions: [region('Dar es Salaam', 6), region('Pwani', 9)] },
  { name: 'Dodoma', regions: [region('Dodoma', 8), region('Singida', 7)] },
  { name: 'Iringa', regions: [region('Iringa', 5), region('Njombe', 6), region('Morogoro', 9)] },
  { name: 'Mbeya', regions: [region('Mbeya', 7), region('Songwe', 5), region('Rukwa', 4)] },
  { name: 'Moshi', regions: [region('Arusha', 7), region('Kilimanjaro', 7), region('Manyara', 7)] },
  { name: 'Mtwara', regions: [region('Mtwara', 9), region('Lindi', 6), region('Ruvuma', 8)] },
  { name: 'Muleba', regions: [region('Kagera', 8), region('Geita', 6)] },
  { name: 'Mwanza', regions: [region('Mwanza', 8), region('Mara', 9), region('Simiyu', 6), region('Shinyanga', 6)] },
  { name: 'Tabora', regions: [region('Tabora', 8), region('Kigoma', 8), region('Katavi', 6)] },
  { name: 'Tanga', regions: [region('Tanga', 11)] },
];

/** The names of a region's councils; the first is its town. */
export function councilNames({ name, councils }: Region): readonly string[] {
  const quarters = [
    'Mjini',
    'Vijijini',
    'Kaskazini',
    'Kusini',
    'Mashariki',
    'Magharibi',
    'Kati',
    'Pwani',
    'Milimani',
    'Ziwani',
  ];
  return Array.from({ length: councils }, (_, index) =>
    index === 0 ? `${name} MC` : `${name} ${quarters[index - 1] ?? String(index)} DC`,
  );
}
