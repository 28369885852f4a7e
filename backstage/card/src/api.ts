// The part of `/api/v1` that the card reads, and the client that reads it through Backstage's proxy.
// `contract/` holds these types to the operator's OpenAPI document.
import { createApiRef, type DiscoveryApi, type FetchApi } from '@backstage/frontend-plugin-api';

export type Status = 'golden-path' | 'deviating' | 'unknown' | 'unscoped' | 'ignored';

/** An exception that decides how a missing step stands. */
export interface ServiceException {
  name: string;
  /** How it stands, such as "approved until 12 Mar". */
  sentence: string;
  /** When it expires, in RFC 3339. */
  until?: string;
  /** When its next review is due. */
  nextReviewAt?: string;
}

/** One service, by the workload that decides its state. */
export interface Service {
  namespace: string;
  name: string;
  path?: string;
  pathTitle?: string;
  status: Status;
  steps: { passed: number; of: number };
  /** Missing steps by name. */
  missing: string[];
  /** Missing steps that are not named to everybody. */
  restricted?: number;
  /** Its state in words. */
  sentence: string;
  /** What can be done next. */
  next?: string;
  exceptions?: ServiceException[];
}

export interface ServiceList {
  asOf: string;
  items: Service[];
}

/** A refused request. */
export interface Failure {
  message: string;
}

export interface GoldenPathApi {
  /** The services of this name: one for each namespace, or that of one namespace. */
  services(name: string, namespace: string | undefined, signal: AbortSignal): Promise<ServiceList>;
}

export const goldenPathApiRef = createApiRef<GoldenPathApi>().with({
  id: 'plugin.goldenpath.client',
  pluginId: 'goldenpath',
});

/** Longest wait for an answer, in milliseconds. */
const PATIENCE = 15_000;

/** Reads the operator behind `proxy.endpoints./goldenpath` of the app's configuration. */
export class GoldenPathClient implements GoldenPathApi {
  constructor(private readonly apis: { discovery: DiscoveryApi; fetch: FetchApi }) {}

  async services(name: string, namespace: string | undefined, signal: AbortSignal) {
    const proxy = await this.apis.discovery.getBaseUrl('proxy');
    const query = new URLSearchParams({ name, ...(namespace && { namespace }) });
    const answer = await this.apis.fetch.fetch(`${proxy}/goldenpath/api/v1/services?${query}`, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
    });
    if (!answer.ok) throw new Error(await refusal(answer));
    return (await answer.json()) as ServiceList;
  }
}

/** What the operator, or the proxy before it, says about a refused request. */
async function refusal(answer: Response): Promise<string> {
  const text = (await answer.text()).trim();
  const message = text.startsWith('{') ? (JSON.parse(text) as Partial<Failure>).message : text;
  const isSentence = message !== undefined && message !== '' && !message.startsWith('<');
  return `${answer.status}: ${isSentence ? message.slice(0, 300) : answer.statusText}`;
}
