// The entry of the workflow bundle: workflows, and nothing else.
export { experiment } from './experiment.ts';
export { operation } from './operation.ts';
export { pipeline } from './pipeline.ts';
export { verification } from './verification.ts';
