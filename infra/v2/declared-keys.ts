// The keys that pipelines give to v2's tables: the primary key, or a declared one where v2 has none.
import type { Pipeline, SourceNode } from '../../pipelines/definition.ts';
import type { DeclaredKeys } from './replica-identity.ts';

export function declaredKeys(pipelines: readonly Pipeline[]): DeclaredKeys {
  const keys = new Map<string, readonly string[]>();
  const visit = (node: SourceNode): void => {
    keys.set(node.table, node.key);
    for (const joined of Object.values(node.joins)) visit(joined);
  };
  for (const pipeline of pipelines) visit(pipeline.root);
  return keys;
}
