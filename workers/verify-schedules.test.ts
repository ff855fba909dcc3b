import { expect, test } from 'vitest';
import { pipelines } from '../pipelines/index.ts';
import { plannedSchedules } from './verify-schedules.ts';

const settings = {
  MKONDO_VERIFY_MINUTES: 60,
  MKONDO_VERIFY_REPORTS_HOURS: 24,
  MKONDO_VERIFY_V2_URL: 'postgres://replica/v2',
  MKONDO_VERIFY_V2_HOURS: '22-4',
};

test('pipelines are verified one after the other, each within the hour', () => {
  const specs = plannedSchedules(settings, pipelines).filter(({ request }) => request.against === 'landing');
  const offsets = specs.map(({ spec }) => spec?.intervals?.[0]?.offset);
  expect(offsets).toHaveLength(pipelines.length);
  expect(new Set(offsets).size).toBe(pipelines.length);
  for (const offset of offsets) expect(Number.parseInt(String(offset), 10)).toBeLessThan(3_600);
});

test('v2 is read by itself only where both an address and hours are given', () => {
  const ofV2 = (
    more: Partial<typeof settings> | { MKONDO_VERIFY_V2_HOURS: undefined } | { MKONDO_VERIFY_V2_URL: undefined },
  ) => plannedSchedules({ ...settings, ...more }, pipelines).find(({ scheduleId }) => scheduleId === 'verify-v2')?.spec;
  expect(ofV2({})).toMatchObject({ calendars: [{ hour: 22 }] });
  expect(ofV2({ MKONDO_VERIFY_V2_HOURS: undefined })).toBeNull();
  expect(ofV2({ MKONDO_VERIFY_V2_URL: undefined })).toBeNull();
});

test('0 is never', () => {
  const planned = plannedSchedules(
    { ...settings, MKONDO_VERIFY_MINUTES: 0, MKONDO_VERIFY_REPORTS_HOURS: 0 },
    pipelines,
  );
  expect(planned.filter(({ spec }) => spec !== null).map(({ scheduleId }) => scheduleId)).toEqual(['verify-v2']);
});
