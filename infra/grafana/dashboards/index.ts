// All dashboards, in the order in which an operator comes to them.
import type { Dashboard } from '../dashboard.ts';
import { kafka } from './kafka.ts';
import { losses } from './losses.ts';
import { pipeline } from './pipeline.ts';
import { source } from './source.ts';
import { temporal } from './temporal.ts';
import { trust } from './trust.ts';

export const dashboards: readonly Dashboard[] = [trust, pipeline, losses, source, kafka, temporal];
