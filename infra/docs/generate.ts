// Writes the documents that are made from code; a test fails when the files in the repository differ. `npm run generate`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipelines } from '../../pipelines/index.ts';
import { monitoringFiles } from './monitoring-files.ts';
import { projectDir } from '../local/settings.ts';
import { readPipelineCode } from './pipeline-code.ts';
import { printPipelinesPage } from './pipelines-page.ts';
import { printConfigurationPage, printEnvironmentExample } from './settings-reference.ts';

writeFileSync(join(projectDir, 'docs/configuration.md'), printConfigurationPage());
writeFileSync(join(projectDir, '.env.example'), printEnvironmentExample());
writeFileSync(join(projectDir, 'docs/pipelines.md'), printPipelinesPage(pipelines, readPipelineCode));
for (const [path, text] of monitoringFiles()) {
  mkdirSync(dirname(join(projectDir, path)), { recursive: true });
  writeFileSync(join(projectDir, path), text);
}
