// Facts about the services of components. A fact that is not known is absent: a service that could not be
// judged is neither on its path nor off it.
import { CATALOG_FILTER_EXISTS, CatalogClient } from '@backstage/catalog-client';
import type { Entity } from '@backstage/catalog-model';
import type {
  FactRetriever,
  FactRetrieverContext,
  TechInsightFact,
} from '@backstage-community/plugin-tech-insights-node';

import { services, type Service } from './operator';

const ID = 'backstage.io/kubernetes-id';
const NAMESPACE = 'backstage.io/kubernetes-namespace';
const FILTER = { kind: 'component', [`metadata.annotations.${ID}`]: CATALOG_FILTER_EXISTS };
/** Components of one page of the catalog. */
const LIMIT = 500;
/** Deviations that an approved exception explains. */
const ACCOUNTED = ['documented', 'review-due'];

export const goldenPathFactRetriever: FactRetriever = {
  id: 'goldenpath',
  version: '0.1.0',
  title: 'Golden path',
  description: 'How the service of a component stands on its golden path',
  entityFilter: [FILTER],
  schema: {
    status: { type: 'string', description: 'golden-path, deviating, unknown, unscoped or ignored' },
    deviation: { type: 'string', description: 'The standing of a deviation, such as documented' },
    path: { type: 'string', description: 'The golden path that the service is judged by' },
    onPath: { type: 'boolean', description: 'Whether every service of the component is on its path' },
    accounted: {
      type: 'boolean',
      description: 'Whether every service is on its path or has an approved exception',
    },
    stepsPassed: { type: 'integer', description: 'Required steps of the path that pass' },
    steps: { type: 'integer', description: 'Required steps of the path' },
    stepsToGo: { type: 'integer', description: 'Required steps of the path that do not pass yet' },
    until: { type: 'datetime', description: 'When the exception of the service expires' },
    next: { type: 'string', description: 'What can be done next' },
    services: { type: 'integer', description: 'Namespaces that the service runs in' },
  },
  async handler(ctx) {
    const [components, known] = await Promise.all([componentsWithService(ctx), services(ctx)]);
    const byName = new Map<string, Service[]>();
    for (const service of known) {
      byName.set(service.name, [...(byName.get(service.name) ?? []), service]);
    }
    return components.flatMap(component => factsOf(component, byName) ?? []);
  },
};

async function componentsWithService({ auth, discovery }: FactRetrieverContext): Promise<Entity[]> {
  const catalog = new CatalogClient({ discoveryApi: discovery });
  const fields = ['kind', 'metadata.name', 'metadata.namespace', 'metadata.annotations'];
  const found: Entity[] = [];
  let cursor: string | undefined;
  do {
    const { token } = await auth.getPluginRequestToken({
      onBehalfOf: await auth.getOwnServiceCredentials(),
      targetPluginId: 'catalog',
    });
    const page = await catalog.queryEntities(
      cursor === undefined ? { filter: FILTER, fields, limit: LIMIT } : { cursor, fields, limit: LIMIT },
      { token },
    );
    found.push(...page.items);
    cursor = page.pageInfo.nextCursor;
  } while (cursor !== undefined);
  return found;
}

function factsOf({ kind, metadata }: Entity, byName: Map<string, Service[]>): TechInsightFact | undefined {
  const name = metadata.annotations?.[ID] ?? '';
  const namespace = metadata.annotations?.[NAMESPACE];
  const found = (byName.get(name) ?? []).filter(it => namespace === undefined || it.namespace === namespace);
  const furthest = found.reduce<Service | undefined>(
    (most, it) => (most === undefined || toGo(it) > toGo(most) ? it : most),
    undefined,
  );
  if (furthest === undefined) return undefined;
  return {
    entity: { kind, namespace: metadata.namespace ?? 'default', name: metadata.name },
    facts: { services: found.length, ...figures(furthest), ...answers(found) },
  };
}

const toGo = ({ steps }: Service) => steps.of - steps.passed;

/** The figures of the service that has most steps to go. */
function figures(service: Service): TechInsightFact['facts'] {
  const { status, deviation, path, until, next } = service;
  const words = Object.entries({ deviation, path, until, next });
  return {
    status,
    ...Object.fromEntries(words.flatMap(([fact, value]) => (value === undefined ? [] : [[fact, value]]))),
    ...(service.steps.of > 0 && {
      stepsPassed: service.steps.passed,
      steps: service.steps.of,
      stepsToGo: toGo(service),
    }),
  };
}

/** Yes or no for all services together; neither where one of them could not be judged or has no path. */
function answers(found: Service[]): TechInsightFact['facts'] {
  if (!found.every(({ status }) => status === 'golden-path' || status === 'deviating')) return {};
  const onPath = ({ status }: Service) => status === 'golden-path';
  const accounted = (it: Service) => onPath(it) || ACCOUNTED.includes(it.deviation ?? '');
  return { onPath: found.every(onPath), accounted: found.every(accounted) };
}
