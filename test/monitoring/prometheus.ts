// Prometheus and Alertmanager as the tests ask them.
import { z } from 'zod';

const sample = z.object({
  metric: z.record(z.string(), z.string()),
  value: z.tuple([z.number(), z.string()]),
});
const queryAnswer = z.object({ data: z.object({ result: z.array(sample) }) });
const targetsAnswer = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({ labels: z.object({ job: z.string() }), health: z.string(), lastError: z.string() }),
    ),
  }),
});
const alertsAnswer = z.array(
  z.object({ labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()) }),
);

export interface Labels {
  readonly [name: string]: string;
}

export interface Watchers {
  /** The numbers that a query has now, NaN left out. */
  readonly numbers: (query: string) => Promise<readonly number[]>;
  readonly targets: () => Promise<readonly { readonly job: string; readonly health: string; readonly error: string }[]>;
  /** Alerts of that name with these labels that Alertmanager has now. */
  readonly alerts: (name: string, labels?: Labels) => Promise<z.infer<typeof alertsAnswer>>;
}

export function watchersAt(urls: { readonly prometheus: string; readonly alertmanager: string }): Watchers {
  return {
    async numbers(query) {
      const answer = await ask(`${urls.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
      const values = queryAnswer.parse(answer).data.result.map(({ value: [, text] }) => Number(text));
      return values.filter((value) => !Number.isNaN(value));
    },
    async targets() {
      const { data } = targetsAnswer.parse(await ask(`${urls.prometheus}/api/v1/targets`));
      return data.activeTargets.map(({ labels, health, lastError }) => ({ job: labels.job, health, error: lastError }));
    },
    async alerts(name, labels = {}) {
      const filters = Object.entries({ alertname: name, ...labels }).map(
        ([label, value]) => `filter=${encodeURIComponent(`${label}="${value}"`)}`,
      );
      return alertsAnswer.parse(await ask(`${urls.alertmanager}/api/v2/alerts?${filters.join('&')}`));
    },
  };
}

async function ask(url: string): Promise<unknown> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`GET ${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
