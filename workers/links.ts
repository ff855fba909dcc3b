// Where an operator who looks at a pipeline in the Temporal UI may go on.
import type { Links } from '../activities/contract.ts';
import type { Config } from '../model/config.ts';
import { under } from '../model/web-address.ts';

type Addresses = Pick<Config, 'MKONDO_API_URL' | 'MKONDO_DASHBOARD_URL'>;

export function linksFrom({
  MKONDO_API_URL: api,
  MKONDO_DASHBOARD_URL: dashboard,
}: Addresses): (pipeline: string) => Links {
  return (pipeline) => ({
    ...(api === undefined ? {} : { api: under(api, `pipelines/${pipeline}`) }),
    // A parsed URL has its braces encoded, or not, by where they stand.
    ...(dashboard === undefined ? {} : { dashboard: dashboard.replaceAll(/\{pipeline\}|%7Bpipeline%7D/g, pipeline) }),
  });
}
