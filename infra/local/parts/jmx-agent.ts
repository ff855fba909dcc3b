// A JVM that serves its figures to Prometheus, by an agent that is loaded with it.

export interface JmxAgent {
  readonly jar: string;
  readonly port: number;
  /** Which figures, under which names. */
  readonly rules: string;
}

export function agentOptions(agent: JmxAgent | undefined): readonly string[] {
  return agent === undefined ? [] : [`-javaagent:${agent.jar}=127.0.0.1:${agent.port}:${agent.rules}`];
}
