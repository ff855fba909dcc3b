// The tour as its page tells it: what is to be typed, what must come of it, and what is to be pictured, in order.

export type TourStep =
  | {
      readonly do: 'type';
      readonly commands: string;
      /** The output must hold it. */
      readonly shows: string | null;
      /** Typed again and again until the output holds it. */
      readonly comes: string | null;
    }
  /** Something done in the Temporal UI, by its name in tour.ts, and pictured. */
  | { readonly do: 'click'; readonly name: string; readonly image: string }
  /** What was typed last, with its output, as a picture. */
  | { readonly do: 'picture'; readonly image: string };

const STEP =
  /^```sh\n(?<commands>.*?)\n```$|^<!-- (?<word>shows|comes|ui): (?<value>.*?) -->$|^!\[.*?\]\(images\/(?<image>[\w-]+)\.png\)$/gms;

/** Comments of the page stand before what they concern: `shows`, `comes` before a block of commands, `ui` before a picture. */
export function readTour(page: string): readonly TourStep[] {
  const steps: TourStep[] = [];
  let said: Readonly<Record<string, string>> = {};
  for (const { groups } of page.matchAll(STEP)) {
    const { commands, word, value = '', image } = groups ?? {};
    if (word !== undefined) said = { ...said, [word]: value };
    else {
      if (commands !== undefined)
        steps.push({ do: 'type', commands, shows: said['shows'] ?? null, comes: said['comes'] ?? null });
      else if (image !== undefined)
        steps.push(said['ui'] === undefined ? { do: 'picture', image } : { do: 'click', name: said['ui'], image });
      said = {};
    }
  }
  return steps;
}
