// By which the Temporal UI lists pipelines: `PipelineState = "paused"`, `PipelineLagSeconds > 60`.
import { defineSearchAttributeKey } from '@temporalio/common';

export const pipelineState = defineSearchAttributeKey('PipelineState', 'KEYWORD');
export const pipelineLagSeconds = defineSearchAttributeKey('PipelineLagSeconds', 'INT');
export const pipelineLagEvents = defineSearchAttributeKey('PipelineLagEvents', 'INT');

export const searchAttributes = [pipelineState, pipelineLagSeconds, pipelineLagEvents] as const;
