// The part of `/api/v1` that the retriever reads, page by page, through Backstage's proxy. It must not know
// the catalog.
import type { FactRetrieverContext } from '@backstage-community/plugin-tech-insights-node';

/** One service, by the workload that decides its state. */
export interface Service {
  namespace: string;
  name: string;
  path?: string;
  status: 'golden-path' | 'deviating' | 'unknown' | 'unscoped' | 'ignored';
  /** The standing of a deviating service, such as `documented`. */
  deviation?: string;
  steps: { passed: number; of: number };
  /** What can be done next, in words. */
  next?: string;
  /** When its exception, or its time as older than the path, ends. */
  until?: string;
}

export interface ServiceList {
  /** Services on all pages. */
  total: number;
  page: number;
  limit: number;
  items: Service[];
}

/** Most services of one page, by the API. */
const LIMIT = 500;
/** Most pages that are read: a bound, not an expectation. */
const PAGES = 400;
/** Longest wait for one page, in milliseconds. */
const PATIENCE = 30_000;

/** Every service that the operator knows. */
export async function services({ auth, discovery }: FactRetrieverContext): Promise<Service[]> {
  const proxy = await discovery.getBaseUrl('proxy');
  const found: Service[] = [];
  for (let page = 1; page <= PAGES; page += 1) {
    const { token } = await auth.getPluginRequestToken({
      onBehalfOf: await auth.getOwnServiceCredentials(),
      targetPluginId: 'proxy',
    });
    const list = await read(`${proxy}/goldenpath/api/v1/services?sort=name&limit=${LIMIT}&page=${page}`, token);
    found.push(...list.items);
    if (list.items.length === 0 || page * LIMIT >= list.total) return found;
  }
  throw new Error(`goldenpath lists more than ${PAGES * LIMIT} services`);
}

async function read(url: string, token: string): Promise<ServiceList> {
  const answer = await fetch(url, {
    headers: { accept: 'application/json', authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) {
    throw new Error(`goldenpath answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  }
  return (await answer.json()) as ServiceList;
}
