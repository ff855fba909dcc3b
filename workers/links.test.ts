import { expect, test } from 'vitest';
import { linksFrom } from './links.ts';

test('leads to the pipeline, and nowhere where nothing is configured', () => {
  const MKONDO_DASHBOARD_URL = 'http://grafana/d/mkondo?var-pipeline={pipeline}';
  expect(linksFrom({ MKONDO_API_URL: 'http://api/', MKONDO_DASHBOARD_URL })('products')).toEqual({
    api: 'http://api/pipelines/products',
    dashboard: 'http://grafana/d/mkondo?var-pipeline=products',
  });
  expect(linksFrom({ MKONDO_API_URL: undefined, MKONDO_DASHBOARD_URL: undefined })('products')).toEqual({});
});
