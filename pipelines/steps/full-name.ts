// A product's full name, composed as eLMIS composes it on screen: name, form, strength, dosage unit.

/** At most 207 characters in v2; parts that are missing or empty leave no gap. */
export function fullName(parts: {
  readonly primaryName: string;
  readonly form: string | null | undefined;
  readonly strength: string | null;
  readonly dosageUnit: string | null | undefined;
}): string {
  return [parts.primaryName, parts.form, parts.strength, parts.dosageUnit]
    .filter((part) => part !== null && part !== undefined && part !== '')
    .join(' ');
}
